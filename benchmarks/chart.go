package main

import (
	"bytes"
	"cmp"
	"image/color"
	"slices"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// The chart has no background and only middle tones, so that it reads as well
// on a dark page as on a light one, whatever decides which of them is shown.
var (
	inkColor   = color.RGBA{R: 0x78, G: 0x78, B: 0x78, A: 0xff}
	oursColor  = color.RGBA{R: 0x1f, G: 0x88, B: 0xd9, A: 0xff}
	peerColor  = color.RGBA{R: 0x9a, G: 0x9a, B: 0x9a, A: 0xff}
	limitColor = color.RGBA{R: 0x3c, G: 0x9a, B: 0x5f, A: 0xff}
)

// Lengths are in points.
const (
	chartWidth  vg.Length = 840
	chartHeight vg.Length = 530
	footHeight  vg.Length = 54
	barWidth    vg.Length = 15
	fontSize    vg.Length = 12
)

// chart draws the times to read and to write a token as SVG.
func (f *figures) chart(s *setting) ([]byte, error) {
	panels := [][]panel{
		{{"Read a token, HS256", "HS256", readTask}, {"Write a token, HS256", "HS256", writeTask}},
		{{"Read a token, RS256", "RS256", readTask}, {"Write a token, RS256", "RS256", writeTask}},
	}
	plots := make([][]*plot.Plot, len(panels))
	for i, row := range panels {
		for _, p := range row {
			drawn, err := p.plot(f)
			if err != nil {
				return nil, err
			}
			plots[i] = append(plots[i], drawn)
		}
	}

	svg := vgsvg.New(chartWidth, chartHeight)
	canvas := draw.New(svg)
	tiles := draw.Tiles{Rows: len(plots), Cols: len(plots[0]), PadX: 24, PadY: 18, PadTop: 6, PadBottom: 6, PadLeft: 6, PadRight: 6}
	for i, row := range plot.Align(plots, tiles, draw.Crop(canvas, 0, 0, footHeight, 0)) {
		for j, c := range row {
			plots[i][j].Draw(c)
		}
	}

	foot := textStyle(fontSize - 2)
	for i, line := range footLines(s) {
		canvas.FillText(foot, vg.Point{X: 10, Y: footHeight - vg.Length(i+1)*(fontSize+2)}, line)
	}

	var buf bytes.Buffer
	if _, err := svg.WriteTo(&buf); err != nil {
		return nil, err
	}
	// The library names its own font alone; these have the same widths.
	return bytes.ReplaceAll(buf.Bytes(), []byte("font-family:Liberation Sans;"),
		[]byte("font-family:'Liberation Sans',Arial,Helvetica,sans-serif;")), nil
}

func footLines(s *setting) []string {
	var versions []string
	for _, c := range peers() {
		versions = append(versions, s.label(c))
	}
	return []string{
		"Less is better. limit: the bare base64 and signature, without any JSON or check of a claim.",
		s.machine + ", " + s.golang + "; " + s.rounds + ".",
		strings.Join(versions, ", ") + ".",
	}
}

// A panel compares the contenders in one work.
type panel struct {
	title    string
	alg      string
	taskName func(string, contender) string
}

func (p panel) plot(f *figures) (*plot.Plot, error) {
	ns := func(c contender) float64 { return f.best(p.taskName(p.alg, c)) }
	sorted := slices.Clone(contenders) // the slowest first: bars are drawn from the bottom up
	slices.SortStableFunc(sorted, func(a, b contender) int { return cmp.Compare(ns(b), ns(a)) })

	chart := plot.New()
	chart.BackgroundColor = color.Transparent
	chart.Title.Text = p.title
	chart.Title.TextStyle = textStyle(fontSize + 2)
	chart.Title.TextStyle.XAlign = draw.XCenter
	chart.Title.TextStyle.YAlign = draw.YTop
	chart.Title.Padding = 6
	chart.HideX()
	chart.X.Min = 0
	chart.X.Max = 1.25 * ns(sorted[0]) // room for the figure beside the longest bar
	chart.Y.LineStyle.Width = 0
	chart.Y.Tick.LineStyle.Width = 0
	chart.Y.Tick.Length = 0
	chart.Y.Tick.Label = textStyle(fontSize)
	chart.Y.Tick.Label.XAlign = draw.XRight
	chart.Y.Tick.Label.YAlign = draw.YCenter

	var names []string
	values := plotter.XYLabels{}
	for i, c := range sorted {
		bar, err := plotter.NewBarChart(plotter.Values{ns(c)}, barWidth)
		if err != nil {
			return nil, err
		}
		bar.Horizontal = true
		bar.XMin = float64(i)
		bar.LineStyle.Width = 0
		bar.Color = peerColor
		switch c.name {
		case authStrategy.name:
			bar.Color = oursColor
		case limit.name:
			bar.Color = limitColor
		}
		chart.Add(bar)
		names = append(names, c.name)
		values.XYs = append(values.XYs, plotter.XY{X: ns(c), Y: float64(i)})
		values.Labels = append(values.Labels, duration(ns(c)))
	}
	chart.NominalY(names...)
	chart.Y.LineStyle.Width = 0

	labels, err := plotter.NewLabels(values)
	if err != nil {
		return nil, err
	}
	for i := range labels.TextStyle {
		labels.TextStyle[i] = textStyle(fontSize)
		labels.TextStyle[i].YAlign = draw.YCenter
	}
	labels.Offset = vg.Point{X: 5, Y: 2}
	chart.Add(labels)
	return chart, nil
}

func textStyle(size vg.Length) text.Style {
	return text.Style{
		Color:   inkColor,
		Font:    font.From(font.Font{Typeface: "Liberation", Variant: "Sans"}, size),
		Handler: plot.DefaultTextHandler,
	}
}
