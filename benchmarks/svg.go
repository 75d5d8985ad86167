package main

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"strings"
)

// A drawing is an SVG under construction. It is as wide as a small phone, so that its
// text need not be scaled down there, and has a ground of its own: whichever of light
// and dark the browser chooses, the page around it may be the other.
type drawing struct {
	body   bytes.Buffer
	height float64 // how far down the drawing has come
}

const (
	drawingWidth = 360.0
	margin       = 10.0
	fontSize     = 13.0
	smallSize    = 11.0
	lineHeight   = 18.0
)

// style has every colour twice: on a light ground, and on a dark one.
const style = `
text{font-family:-apple-system,"Segoe UI",Roboto,"Noto Sans","Liberation Sans",Helvetica,Arial,sans-serif;font-size:13px;fill:#1f2328}
.ground{fill:#fff}.title{font-weight:600}.small{font-size:11px;fill:#59636e}.right{text-anchor:end}.middle{text-anchor:middle}
.bar{fill:#8c959f}.bar.ours{fill:#0969da}.grid{stroke:#d1d9e0}
.line{fill:none;stroke-width:2.5}.peer1{stroke:#9a6700}.peer2{stroke:#8250df}.peer3{stroke:#cf222e}.ours,.again{stroke:#0969da}.limit{stroke:#1a7f37}
.again{stroke-dasharray:7 3}.limit{stroke-dasharray:2 3}.peer2{stroke-dasharray:10 3 2 3}.peer3{stroke-dasharray:5 5}.limitmark{fill:#1a7f37}
@media (prefers-color-scheme:dark){
text{fill:#f0f6fc}
.ground{fill:#0d1117}.small{fill:#9198a1}
.bar{fill:#656c76}.bar.ours{fill:#4493f8}.grid{stroke:#3d444d}
.peer1{stroke:#d29922}.peer2{stroke:#ab7df8}.peer3{stroke:#f85149}.ours,.again{stroke:#4493f8}.limit{stroke:#3fb950}.limitmark{fill:#3fb950}
}
`

// text writes a line of text whose baseline begins at x and y.
func (d *drawing) text(x, y float64, class, line string) {
	fmt.Fprintf(&d.body, "<text x=%q y=%q class=%q>%s</text>\n", number1(x), number1(y), class, escaped(line))
}

func (d *drawing) rect(x, y, width, height float64, class string) {
	fmt.Fprintf(&d.body, "<rect x=%q y=%q width=%q height=%q class=%q/>\n", number1(x), number1(y), number1(width), number1(height), class)
}

// A point is a place in a drawing, from its upper left corner.
type point struct{ x, y float64 }

// line joins the points.
func (d *drawing) line(class string, points ...point) {
	var joined []string
	for _, p := range points {
		joined = append(joined, number1(p.x)+","+number1(p.y))
	}
	fmt.Fprintf(&d.body, "<polyline points=%q class=%q/>\n", strings.Join(joined, " "), class)
}

// paragraph writes text in small lines that fit the width.
func (d *drawing) paragraph(text string) {
	const widest = 60 // characters
	line := ""
	flush := func() {
		d.height += smallSize + 4
		d.text(margin, d.height, "small", line)
	}
	for word := range strings.FieldsSeq(text) {
		if len(line)+1+len(word) > widest {
			flush()
			line = ""
		}
		line = strings.TrimSpace(line + " " + word)
	}
	flush()
}

// svg is the finished drawing, with a title and a text for those who do not see it.
func (d *drawing) svg(title, description string) []byte {
	height := number1(d.height + margin)
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%s" height="%s" viewBox="0 0 %[1]s %[2]s" role="img" aria-labelledby="title description">`+"\n", number1(drawingWidth), height)
	fmt.Fprintf(&b, "<title id=\"title\">%s</title>\n<desc id=\"description\">%s</desc>\n<style>%s</style>\n", escaped(title), escaped(description), style)
	fmt.Fprintf(&b, "<rect width=%q height=%q rx=\"6\" class=\"ground\"/>\n%s</svg>\n", number1(drawingWidth), height, d.body.Bytes())
	return b.Bytes()
}

func escaped(text string) string {
	var b bytes.Buffer
	xml.EscapeText(&b, []byte(text)) // never fails on a buffer
	return b.String()
}

// number1 is a length in pixels, to a tenth.
func number1(v float64) string { return strings.TrimSuffix(fmt.Sprintf("%.1f", v), ".0") }
