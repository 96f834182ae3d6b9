data = 'runaway.csv'
set terminal svg background "white" size 1720,990 font "DejaVu Sans,20"
if (!exists("prints_picture")) set output 'runaway.svg'
set datafile separator comma
set datafile columnheaders
set border 3 linewidth 1.5
set tics nomirror out
set grid back linetype 1 linecolor rgb "#DDDDDD" linewidth 1
set key outside top center horizontal
set linetype 1 linecolor rgb "#0072B2" linewidth 3 pointtype 7 pointsize 1.2
set linetype 2 linecolor rgb "#D55E00" linewidth 3 pointtype 5 pointsize 1.2
set linetype 3 linecolor rgb "#009E73" linewidth 3 pointtype 9 pointsize 1.2
set linetype 4 linecolor rgb "#CC79A7" linewidth 3 pointtype 13 pointsize 1.2
set linetype 5 linecolor rgb "#E69F00" linewidth 3 pointtype 11 pointsize 1.2
set linetype 6 linecolor rgb "#56B4E9" linewidth 3 pointtype 6 pointsize 1.2
set linetype 7 linecolor rgb "#000000" linewidth 3 pointtype 4 pointsize 1.2
set linetype cycle 7
set multiplot
set xrange [0:*]
set key at screen 0.7616,0.5000 left center vertical reverse Left samplen 2.5
set lmargin at screen 0.0872
set rmargin at screen 0.3779
set tmargin at screen 0.9394
set bmargin at screen 0.5657
set title "rate 0.01"
set xlabel ""
set ylabel "scale of the view" offset 1.5,0
set logscale y
set yrange [0.001:10]
set format y "%g"
plot NaN with lines linetype 2 title "bilinear", \
    data using 1:5 with lines linetype 1 linewidth 0.7 notitle, \
    data using 1:4 with lines linetype 1 title "linearized as released", \
    data using 1:7 with lines linetype 3 linewidth 0.7 notitle, \
    data using 1:6 with lines linetype 3 title "scale bounded", \
    data using 1:9 with lines linetype 4 linewidth 0.7 notitle, \
    data using 1:8 with lines linetype 4 title "gradients clipped", \
    data using 1:11 with lines linetype 5 linewidth 0.7 notitle, \
    data using 1:10 with lines linetype 5 title "outside counted", \
    data using 1:13 with lines linetype 6 linewidth 0.7 notitle, \
    data using 1:12 with lines linetype 6 title "bilinear and clipped"
set key off
set lmargin at screen 0.4535
set rmargin at screen 0.7442
set tmargin at screen 0.9394
set bmargin at screen 0.5657
set title "rate 3e-05"
set xlabel ""
set ylabel "" offset 1.5,0
set logscale y
set yrange [0.001:10]
set format y "%g"
plot data using 1:15 with lines linetype 2 linewidth 0.7 notitle, \
    data using 1:14 with lines linetype 2 title "bilinear", \
    data using 1:17 with lines linetype 1 linewidth 0.7 notitle, \
    data using 1:16 with lines linetype 1 title "linearized as released", \
    NaN with lines linetype 3 title "scale bounded", \
    NaN with lines linetype 4 title "gradients clipped", \
    NaN with lines linetype 5 title "outside counted", \
    NaN with lines linetype 6 title "bilinear and clipped"
set key off
set lmargin at screen 0.0872
set rmargin at screen 0.3779
set tmargin at screen 0.4848
set bmargin at screen 0.1111
set title ""
set xlabel "iterations"
set ylabel "validation error (%)" offset 1.5,0
unset logscale y
set yrange [0:*]
plot NaN with lines linetype 2 title "bilinear", \
    data using 1:29 with lines linetype 1 linewidth 0.7 notitle, \
    data using 1:28 with lines linetype 1 title "linearized as released", \
    data using 1:31 with lines linetype 3 linewidth 0.7 notitle, \
    data using 1:30 with lines linetype 3 title "scale bounded", \
    data using 1:33 with lines linetype 4 linewidth 0.7 notitle, \
    data using 1:32 with lines linetype 4 title "gradients clipped", \
    data using 1:35 with lines linetype 5 linewidth 0.7 notitle, \
    data using 1:34 with lines linetype 5 title "outside counted", \
    data using 1:37 with lines linetype 6 linewidth 0.7 notitle, \
    data using 1:36 with lines linetype 6 title "bilinear and clipped"
set key off
set lmargin at screen 0.4535
set rmargin at screen 0.7442
set tmargin at screen 0.4848
set bmargin at screen 0.1111
set title ""
set xlabel "iterations"
set ylabel "" offset 1.5,0
unset logscale y
set yrange [0:*]
plot data using 1:39 with lines linetype 2 linewidth 0.7 notitle, \
    data using 1:38 with lines linetype 2 title "bilinear", \
    data using 1:41 with lines linetype 1 linewidth 0.7 notitle, \
    data using 1:40 with lines linetype 1 title "linearized as released", \
    NaN with lines linetype 3 title "scale bounded", \
    NaN with lines linetype 4 title "gradients clipped", \
    NaN with lines linetype 5 title "outside counted", \
    NaN with lines linetype 6 title "bilinear and clipped"
set key off
unset multiplot
