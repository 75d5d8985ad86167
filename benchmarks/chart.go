package main

import "strings"

// The pictures, which stand beside the page.
const (
	chartFile     = "benchmarks.svg"
	sizeChartFile = "benchmarks-size.svg"
)

// A panel compares the contenders in one work.
type panel struct {
	title    string
	alg      string
	taskName func(string, contender) string
	again    bool // this package reads from its cache
}

var panels = []panel{
	{title: "Read a token, HS256", alg: "HS256", taskName: readTask},
	{title: "Read a token, RS256", alg: "RS256", taskName: readTask},
	{title: "Read it again from the cache, HS256", alg: "HS256", taskName: readTask, again: true},
	{title: "Read it again from the cache, RS256", alg: "RS256", taskName: readTask, again: true},
	{title: "Read a token of another issuer, HS256", alg: "HS256", taskName: foreignTask},
	{title: "Write a token, HS256", alg: "HS256", taskName: writeTask},
}

// chart draws the panels one below the other.
func (f *figures) chart(s *setting) []byte {
	var d drawing
	var words []string
	for _, p := range panels {
		said := f.ahead(p.alg, p.taskName, p.taskOf(authStrategy))
		words = append(words, p.title+": "+said+".")
		d.panel(f, p, said)
	}
	d.height += 6
	d.paragraph("Less is better. The green line is the limit: the bare base64 and signature, without any JSON or check of a claim. The peers have no cache.")
	d.paragraph(s.machine + ", " + s.golang + "; " + s.rounds + ".")
	d.paragraph(s.allVersions() + ".")
	return d.svg("Time for one token, by library", strings.Join(words, " "))
}

// taskOf is what the panel shows of a contender.
func (p panel) taskOf(c contender) string {
	if p.again && c.name == authStrategy.name {
		return againTask(p.alg)
	}
	return p.taskName(p.alg, c)
}

// Where the bars of a panel begin, and how long the longest is.
const (
	barsLeft  = 122.0
	barsWidth = 176.0
)

// panel draws a bar for this package and each peer, in one order everywhere, and the
// limit as a line across them.
func (d *drawing) panel(f *figures, p panel, said string) {
	d.height += 2 * lineHeight
	d.text(margin, d.height, "title", p.title)
	d.height += lineHeight - 2
	d.text(margin, d.height, "small", said)
	d.height += 8

	bare := f.best(p.taskOf(limit))
	scale := barsWidth / f.slowest(p)
	limitAt := barsLeft + bare*scale
	top := d.height
	for _, c := range append([]contender{authStrategy}, peers()...) {
		class, ns := "bar", f.best(p.taskOf(c))
		if c.name == authStrategy.name {
			class = "bar ours"
		}
		d.bar(c.name, class, ns*scale, limitAt, duration(ns))
	}
	d.line("line limit", point{limitAt, top - 2}, point{limitAt, d.height + 4})
	d.height += smallSize + 5
	d.text(limitAt, d.height, "small middle limitmark", "limit "+duration(bare))
}

// bar draws one bar, its name before it, and its value behind it.
func (d *drawing) bar(name, class string, length, limitAt float64, value string) {
	const (
		thickness = 12.0
		valueSize = 50.0
		gap       = 5.0
	)
	y := d.height + lineHeight - 5
	d.text(barsLeft-gap, y, "right", name)
	d.rect(barsLeft, y-thickness+1.5, max(1, length), thickness, class)
	end := barsLeft + length
	if end < limitAt && limitAt < end+gap+valueSize { // the line would cross the value
		end = limitAt
	}
	d.text(end+gap, y, "", value)
	d.height += lineHeight
}

// slowest is the longest time that a panel shows.
func (f *figures) slowest(p panel) float64 {
	slowest := 0.0
	for _, c := range contenders {
		slowest = max(slowest, f.best(p.taskOf(c)))
	}
	return slowest
}
