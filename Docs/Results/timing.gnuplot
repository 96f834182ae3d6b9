data = 'timing.csv'
set terminal svg background "white" size 1300,700 font "DejaVu Sans,20"
if (!exists("prints_picture")) set output 'timing.svg'
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
set style data histogram
set style histogram errorbars gap 1 linewidth 2
set style fill solid 0.8 border
set boxwidth 0.9
set xtics font ",16"
set xrange [-0.6:3.6]
set yrange [0:*]
set ylabel "speed (% of bilinear's)"
plot data using 4:5:6:xtic(1) linetype 1 title "forward", \
    data using 9:10:11:xtic(1) linetype 2 title "backward", \
    data using 14:15:16:xtic(1) linetype 3 title "both", \
    67.0 with lines linetype 1 dashtype 3 title "forward, the paper", \
    40.0 with lines linetype 2 dashtype 3 title "backward, the paper"
