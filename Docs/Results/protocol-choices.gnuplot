data = 'protocol-choices.csv'
set terminal svg background "white" size 1500,976 font "DejaVu Sans,20"
if (!exists("prints_picture")) set output 'protocol-choices.svg'
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
set xrange [0:1]
set yrange [20.5:-0.5]
set xlabel "recall at a corner error of 0.1"
set title "1×"
set lmargin at screen 0.4133
set rmargin at screen 0.6667
set tmargin at screen 0.8873
set bmargin at screen 0.1127
set ytics ("Fig. 7: as it is" 0, "start: three quarters" 1, "start: whole image" 2, "outside: black" 3, "start and outside: whole and black" 4, "target: interpolated" 5, "image size: half" 6, "image size: quarter" 7, "scale deviation: √2 in log₂" 8, "Adam's rate: 0.005" 9, "Adam's rate: 0.05" 10, "steps: half as many" 11, "steps: twice as many" 12, "ε: 0.001" 13, "ε: 3" 14, "ε: 10" 15, "noise: after" 16, "noise: after and narrow" 17, "noise: before and narrow" 18, "samples outside: counted" 19, "samples outside: counted and narrow after" 20)
plot data using 3:($0+-0.2) with points linetype 2, \
    data using 4:($0+0.0) with points linetype 4, \
    data using 5:($0+0.2) with points linetype 1
set title "8× downsampling"
set lmargin at screen 0.7267
set rmargin at screen 0.9800
set tmargin at screen 0.8873
set bmargin at screen 0.1127
set ytics ("" 0, "" 1, "" 2, "" 3, "" 4, "" 5, "" 6, "" 7, "" 8, "" 9, "" 10, "" 11, "" 12, "" 13, "" 14, "" 15, "" 16, "" 17, "" 18, "" 19, "" 20)
plot data using 6:($0+-0.2) with points linetype 2, \
    data using 7:($0+0.0) with points linetype 4, \
    data using 8:($0+0.2) with points linetype 1
set lmargin at screen 0.0000
set rmargin at screen 1.0000
set tmargin at screen 1.0000
set bmargin at screen 0.9488
set title
set xlabel
set ylabel
unset border
unset tics
unset grid
set key inside center center horizontal samplen 3
plot NaN with points linetype 2 title "bilinear", NaN with points linetype 4 title "multi-scale", NaN with points linetype 1 title "linearized"
unset multiplot
