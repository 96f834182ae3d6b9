data = 'noise-ablation.csv'
set terminal svg background "white" size 1170,702 font "DejaVu Sans,20"
if (!exists("prints_picture")) set output 'noise-ablation.svg'
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
set key off
set xrange [0:0.5]
set yrange [0:1]
set xtics 0.1
set ytics 0.2
set lmargin at screen 0.1197
set rmargin at screen 0.9744
set tmargin at screen 0.8405
set bmargin at screen 0.1567
set title "1×" offset 0,-0.5
set format y "%g"
set ylabel "recall (share of pairs)"
set format x "%g"
set xlabel "corner error (normalized)"
plot data using 1:2 with lines linetype 1, \
    data using 1:3 with lines linetype 2, \
    data using 1:4 with lines linetype 3
set lmargin at screen 0.0000
set rmargin at screen 1.0000
set tmargin at screen 1.0000
set bmargin at screen 0.9288
set title
set xlabel
set ylabel
unset border
unset tics
unset grid
set key inside center center horizontal samplen 3
plot NaN with lines linetype 1 title "σ = 1 px", NaN with lines linetype 2 title "σ = 3 px", NaN with lines linetype 3 title "σ = 6 px"
unset multiplot
