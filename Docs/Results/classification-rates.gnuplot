data = 'classification-rates.csv'
set terminal svg background "white" size 1590,1330 font "DejaVu Sans,20"
if (!exists("prints_picture")) set output 'classification-rates.svg'
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
set yrange [0:*]
set format x "%.0s%c"
set key at screen 0.0755,0.1955 left center vertical reverse Left samplen 2.5
set lmargin at screen 0.0755
set rmargin at screen 0.3396
set tmargin at screen 0.9549
set bmargin at screen 0.7293
set title "rate 1e-05"
set xlabel ""
set ylabel "validation error (%)" offset 1.5,0
plot data using 1:3 with lines linetype 2 linewidth 0.7 notitle, \
    data using 1:4 with lines linetype 2 linewidth 0.7 notitle, \
    data using 1:2 with lines linetype 2 title "bilinear", \
    data using 1:6 with lines linetype 1 linewidth 0.7 notitle, \
    data using 1:7 with lines linetype 1 linewidth 0.7 notitle, \
    data using 1:5 with lines linetype 1 title "linearized as released"
set key off
set lmargin at screen 0.3962
set rmargin at screen 0.6604
set tmargin at screen 0.9549
set bmargin at screen 0.7293
set title "rate 3e-05"
set xlabel ""
set ylabel "" offset 1.5,0
plot data using 1:9 with lines linetype 2 linewidth 0.7 notitle, \
    data using 1:10 with lines linetype 2 linewidth 0.7 notitle, \
    data using 1:8 with lines linetype 2 title "bilinear", \
    data using 1:12 with lines linetype 1 linewidth 0.7 notitle, \
    data using 1:13 with lines linetype 1 linewidth 0.7 notitle, \
    data using 1:11 with lines linetype 1 title "linearized as released"
set key off
set lmargin at screen 0.7170
set rmargin at screen 0.9811
set tmargin at screen 0.9549
set bmargin at screen 0.7293
set title "rate 0.0001"
set xlabel ""
set ylabel "" offset 1.5,0
plot data using 1:15 with lines linetype 2 linewidth 0.7 notitle, \
    data using 1:16 with lines linetype 2 linewidth 0.7 notitle, \
    data using 1:14 with lines linetype 2 title "bilinear", \
    data using 1:18 with lines linetype 1 linewidth 0.7 notitle, \
    data using 1:19 with lines linetype 1 linewidth 0.7 notitle, \
    data using 1:17 with lines linetype 1 title "linearized as released"
set key off
set lmargin at screen 0.0755
set rmargin at screen 0.3396
set tmargin at screen 0.6316
set bmargin at screen 0.4060
set title "rate 0.0003"
set xlabel "iterations"
set ylabel "validation error (%)" offset 1.5,0
plot data using 1:21 with lines linetype 2 linewidth 0.7 notitle, \
    data using 1:22 with lines linetype 2 linewidth 0.7 notitle, \
    data using 1:20 with lines linetype 2 title "bilinear", \
    data using 1:24 with lines linetype 1 linewidth 0.7 notitle, \
    data using 1:25 with lines linetype 1 linewidth 0.7 notitle, \
    data using 1:23 with lines linetype 1 title "linearized as released"
set key off
set lmargin at screen 0.3962
set rmargin at screen 0.6604
set tmargin at screen 0.6316
set bmargin at screen 0.4060
set title "rate 0.001"
set xlabel "iterations"
set ylabel "" offset 1.5,0
plot data using 1:27 with lines linetype 2 linewidth 0.7 notitle, \
    data using 1:28 with lines linetype 2 linewidth 0.7 notitle, \
    data using 1:26 with lines linetype 2 title "bilinear", \
    data using 1:30 with lines linetype 1 linewidth 0.7 notitle, \
    data using 1:31 with lines linetype 1 linewidth 0.7 notitle, \
    data using 1:29 with lines linetype 1 title "linearized as released"
set key off
set lmargin at screen 0.7170
set rmargin at screen 0.9811
set tmargin at screen 0.6316
set bmargin at screen 0.4060
set title "rate 0.003"
set xlabel "iterations"
set ylabel "" offset 1.5,0
plot data using 1:33 with lines linetype 2 linewidth 0.7 notitle, \
    data using 1:34 with lines linetype 2 linewidth 0.7 notitle, \
    data using 1:32 with lines linetype 2 title "bilinear", \
    data using 1:36 with lines linetype 1 linewidth 0.7 notitle, \
    data using 1:37 with lines linetype 1 linewidth 0.7 notitle, \
    data using 1:35 with lines linetype 1 title "linearized as released"
set key off
unset multiplot
