data = 'inference-swap.csv'
set terminal svg background "white" size 1200,750 font "DejaVu Sans,20"
if (!exists("prints_picture")) set output 'inference-swap.svg'
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
set xrange [-0.5:3.5]
set yrange [0:*]
set xlabel "trained with" offset 0,-1
set bmargin 5
set ylabel "test error (%)"
plot data using ($0-0.08):3:4:5:xtic(stringcolumn(1)."\n".stringcolumn(2)."×") with yerrorbars linetype 1 title "same at inference", \
    data using ($0+0.08):6:7:8 with yerrorbars linetype 2 title "bilinear at inference"
