data = 'better-sampler.csv'
set terminal svg background "white" size 1200,1050 font "DejaVu Sans,20"
if (!exists("prints_picture")) set output 'better-sampler.svg'
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
set key inside top right vertical opaque
set xlabel "test error (%)"
set ytics ("bilinear" 0, "linearized as published" 1, "linearized as released" 2, "mean" 3, "mean of a lattice" 4, "mean of many" 5, "wide mean of many" 6, "narrow mean of many" 7, "narrowest mean of many" 8, "mean of many and narrowing" 9, "no bias" 10, "no bias and narrow" 11, "no bias of many" 12, "no bias and narrowing" 13, "bilinear" 14, "narrow mean of many" 15, "bilinear" 16, "narrow mean of many" 17, "bilinear" 18, "narrow mean of many" 19)
set yrange [19.5:-0.5]
plot data using ($2==0.0001?$3:NaN):0:4:5 with xerrorbars linetype 1 title "rate 0.0001", \
    data using ($2==0.0003?$3:NaN):0:4:5 with xerrorbars linetype 2 title "rate 0.0003", \
    data using ($2==0.001?$3:NaN):0:4:5 with xerrorbars linetype 3 title "rate 0.001", \
    data using ($2==0.003?$3:NaN):0:4:5 with xerrorbars linetype 4 title "rate 0.003"
