data = 'mnist.csv'
set terminal svg background "white" size 1080,900 font "DejaVu Sans,20"
if (!exists("prints_picture")) set output 'mnist.svg'
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
set yrange [0:15]
set format x "%.0s%c"
set key at screen 0.5833,0.2889 left center vertical reverse Left samplen 2.5
set lmargin at screen 0.1111
set rmargin at screen 0.5000
set tmargin at screen 0.9333
set bmargin at screen 0.6000
set title "cut digits, Adam"
set xlabel ""
set ylabel "validation error (%)" offset 1.5,0
set xtics 5000
plot data using 1:14 with lines linetype 2 title "bilinear", \
    data using 1:16 with lines linetype 1 title "linearized"
set key off
set lmargin at screen 0.5833
set rmargin at screen 0.9722
set tmargin at screen 0.9333
set bmargin at screen 0.6000
set title "whole digits, Adam"
set xlabel "iterations"
set ylabel "" offset 1.5,0
set xtics 5000
plot data using 1:18 with lines linetype 2 title "bilinear", \
    data using 1:20 with lines linetype 1 title "linearized"
set key off
set lmargin at screen 0.1111
set rmargin at screen 0.5000
set tmargin at screen 0.4556
set bmargin at screen 0.1222
set title "whole digits, SGD"
set xlabel "iterations"
set ylabel "validation error (%)" offset 1.5,0
set xtics 10000
plot data using 1:10 with lines linetype 2 title "bilinear", \
    data using 1:12 with lines linetype 1 title "linearized"
set key off
unset multiplot
