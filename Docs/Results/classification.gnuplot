data = 'classification.csv'
set terminal svg background "white" size 1500,695 font "DejaVu Sans,20"
if (!exists("prints_picture")) set output 'classification.svg'
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
set logscale x 2
set xrange [0.833:9.600]
set yrange [0:*]
set xtics ("1×" 1, "2×" 2, "4×" 4, "8×" 8)
set xlabel "downsampling"
set key at screen 0.7567,0.5000 left center vertical reverse Left samplen 2.5
set lmargin at screen 0.0800
set rmargin at screen 0.3800
set tmargin at screen 0.9137
set bmargin at screen 0.1583
set title "STN" offset 0,-0.6
set ylabel "test error (%)" offset 1,0
plot data using ($1*2**(-0.10)):2:3:4 with yerrorbars linetype 7 title "", \
    data using ($1*2**(-0.10)):2 with lines linetype 7 dashtype 2 title "no transformer", \
    data using ($1*2**(-0.05)):5:6:7 with yerrorbars linetype 2 title "", \
    data using ($1*2**(-0.05)):5 with lines linetype 2 title "bilinear", \
    data using ($1*2**(0.00)):8:9:10 with yerrorbars linetype 4 title "", \
    data using ($1*2**(0.00)):8 with lines linetype 4 title "multi-scale", \
    data using ($1*2**(0.05)):11:12:13 with yerrorbars linetype 1 title "", \
    data using ($1*2**(0.05)):11 with lines linetype 1 title "linearized", \
    data using ($1*2**(0.10)):14:15:16 with yerrorbars linetype 6 title "", \
    data using ($1*2**(0.10)):14 with lines linetype 6 title "linearized-bias-free"
set key off
set lmargin at screen 0.4400
set rmargin at screen 0.7400
set tmargin at screen 0.9137
set bmargin at screen 0.1583
set title "IC-STN" offset 0,-0.6
set ylabel "" offset 1,0
plot data using ($1*2**(-0.10)):2:3:4 with yerrorbars linetype 7 title "", \
    data using ($1*2**(-0.10)):2 with lines linetype 7 dashtype 2 title "no transformer", \
    data using ($1*2**(-0.05)):17:18:19 with yerrorbars linetype 2 title "", \
    data using ($1*2**(-0.05)):17 with lines linetype 2 title "bilinear", \
    data using ($1*2**(0.00)):20:21:22 with yerrorbars linetype 4 title "", \
    data using ($1*2**(0.00)):20 with lines linetype 4 title "multi-scale", \
    data using ($1*2**(0.05)):23:24:25 with yerrorbars linetype 1 title "", \
    data using ($1*2**(0.05)):23 with lines linetype 1 title "linearized"
set key off
