package main

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// A curve is the time to read a token by its size.
type curve struct {
	label  string
	class  string
	taskOf func(size int) string
}

// shownPeers is how many peers the chart of sizes has: those that are the fastest
// over all sizes.
const shownPeers = 3

func (f *figures) curves() []curve {
	curves := []curve{
		{authStrategy.name, "ours", func(size int) string { return sizeTask(size, authStrategy) }},
		{againLabel, "again", sizeAgainTask},
		{limit.name, "limit", func(size int) string { return sizeTask(size, limit) }},
	}
	fastest := slices.SortedStableFunc(slices.Values(peers()), func(a, b contender) int {
		return cmp.Compare(f.overSizes(a), f.overSizes(b))
	})
	for i, c := range fastest[:shownPeers] {
		curves = append(curves, curve{c.name, fmt.Sprintf("peer%d", i+1), func(size int) string { return sizeTask(size, c) }})
	}
	// The legend has them as they stand above each other at the right end.
	slices.SortStableFunc(curves, func(a, b curve) int { return cmp.Compare(f.best(b.largest()), f.best(a.largest())) })
	return curves
}

func (c curve) largest() string { return c.taskOf(sizes[len(sizes)-1]) }

// overSizes is a contender's mean over all sizes, in which each weighs the same.
func (f *figures) overSizes(c contender) float64 {
	sum := 0.0
	for _, size := range sizes {
		sum += math.Log(f.best(sizeTask(size, c)))
	}
	return sum
}

// Where the curves are drawn.
const (
	plotLeft, plotRight = 56.0, drawingWidth - 16
	plotTop, plotBottom = 76.0, 336.0
)

// sizeChart draws time against size. Both axes are logarithmic: twice the time is
// the same step everywhere.
func (f *figures) sizeChart(s *setting) []byte {
	const title = "Time to read a token of HS256, by its size"
	d := drawing{height: 26}
	curves := f.curves()
	said := f.sizeWords()
	d.text(margin, d.height, "title", title)
	d.paragraph(said)
	at := f.axes(&d, curves)
	for _, c := range curves {
		var points []point
		for _, size := range sizes {
			task := c.taskOf(size)
			points = append(points, at(float64(f.size[task]), f.best(task)))
		}
		d.line("line "+c.class, points...)
	}
	d.height = plotBottom + 44
	for _, c := range curves {
		d.line("line "+c.class, point{margin, d.height - 4}, point{margin + 40, d.height - 4})
		d.text(margin+48, d.height, "", c.label)
		d.text(plotRight, d.height, "right", duration(f.best(c.largest())))
		d.height += lineHeight
	}
	d.height -= 6
	d.paragraph(fmt.Sprintf("The times are those of the largest token. Of the peers, the %d fastest are shown. limit: the bare base64 and signature.", shownPeers))
	d.paragraph(s.machine + ", " + s.golang + "; " + s.rounds + ".")
	return d.svg(title, said)
}

// sizeWords compares this package with the fastest peer at the smallest and the
// largest size.
func (f *figures) sizeWords() string {
	ahead := func(size int) string {
		_, ns := f.fastestPeer("HS256", func(_ string, c contender) string { return sizeTask(size, c) })
		return times(ns / f.best(sizeTask(size, authStrategy)))
	}
	smallest, largest := sizes[0], sizes[len(sizes)-1]
	return fmt.Sprintf("authstrategy is %s times as fast as the fastest peer at %d bytes, and %s times at %d.", ahead(smallest), smallest, ahead(largest), largest)
}

// axes draws the grid, and returns where a token of so many bytes, read in so many ns,
// is in it.
func (f *figures) axes(d *drawing, curves []curve) func(bytes, ns float64) point {
	least, most := math.Inf(1), 0.0
	for _, c := range curves {
		for _, size := range sizes {
			least, most = min(least, f.best(c.taskOf(size))), max(most, f.best(c.taskOf(size)))
		}
	}
	low, high := math.Floor(math.Log10(least)), math.Ceil(math.Log10(most))
	first, last := math.Log10(float64(sizes[0])), math.Log10(float64(sizes[len(sizes)-1]))
	at := func(bytes, ns float64) point {
		return point{
			plotLeft + (math.Log10(bytes)-first)/(last-first)*(plotRight-plotLeft),
			plotBottom - (math.Log10(ns)-low)/(high-low)*(plotBottom-plotTop),
		}
	}
	for power := low; power <= high; power++ {
		p := at(float64(sizes[0]), math.Pow(10, power))
		d.line("grid", p, point{plotRight, p.y})
		d.text(plotLeft-6, p.y+4, "small right", decade(power))
	}
	for _, size := range sizes {
		p := at(float64(size), math.Pow(10, low))
		d.line("grid", point{p.x, plotTop}, p)
		d.text(p.x, plotBottom+15, "small middle", fmt.Sprint(size))
	}
	d.text((plotLeft+plotRight)/2, plotBottom+29, "small middle", "bytes")
	return at
}

// decade is a power of ten of ns.
func decade(power float64) string {
	unit := "ns"
	if power >= 3 {
		power, unit = power-3, "µs"
	}
	return fmt.Sprintf("%.0f %s", math.Pow(10, power), unit)
}
