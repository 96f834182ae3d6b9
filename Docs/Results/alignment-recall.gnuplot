data = 'alignment-recall.csv'
set terminal svg background "white" size 1778,1216 font "DejaVu Sans,20"
if (!exists("prints_picture")) set output 'alignment-recall.svg'
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
set lmargin at screen 0.0787
set rmargin at screen 0.2812
set tmargin at screen 0.9079
set bmargin at screen 0.6694
set title "MNIST, 1×" offset 0,-0.5
set format y "%g"
set ylabel "recall (share of pairs)"
set format x ""
set xlabel ""
plot data using 1:2 with lines linetype 2, \
    data using 1:3 with lines linetype 4, \
    data using 1:4 with lines linetype 1, \
    data using 1:5 with lines linetype 6, \
    data using 1:6 with lines linetype 3
set lmargin at screen 0.3127
set rmargin at screen 0.5152
set tmargin at screen 0.9079
set bmargin at screen 0.6694
set title "MNIST, 2×" offset 0,-0.5
set format y ""
set ylabel ""
set format x ""
set xlabel ""
plot data using 1:7 with lines linetype 2, \
    data using 1:8 with lines linetype 4, \
    data using 1:9 with lines linetype 1, \
    data using 1:10 with lines linetype 6, \
    data using 1:11 with lines linetype 3
set lmargin at screen 0.5467
set rmargin at screen 0.7492
set tmargin at screen 0.9079
set bmargin at screen 0.6694
set title "MNIST, 4×" offset 0,-0.5
set format y ""
set ylabel ""
set format x ""
set xlabel ""
plot data using 1:12 with lines linetype 2, \
    data using 1:13 with lines linetype 4, \
    data using 1:14 with lines linetype 1, \
    data using 1:15 with lines linetype 6, \
    data using 1:16 with lines linetype 3
set lmargin at screen 0.7807
set rmargin at screen 0.9831
set tmargin at screen 0.9079
set bmargin at screen 0.6694
set title "MNIST, 8×" offset 0,-0.5
set format y ""
set ylabel ""
set format x ""
set xlabel ""
plot data using 1:17 with lines linetype 2, \
    data using 1:18 with lines linetype 4, \
    data using 1:19 with lines linetype 1, \
    data using 1:20 with lines linetype 6, \
    data using 1:21 with lines linetype 3
set lmargin at screen 0.0787
set rmargin at screen 0.2812
set tmargin at screen 0.6184
set bmargin at screen 0.3799
set title "GTSRB, 1×" offset 0,-0.5
set format y "%g"
set ylabel "recall (share of pairs)"
set format x ""
set xlabel ""
plot data using 1:22 with lines linetype 2, \
    data using 1:23 with lines linetype 4, \
    data using 1:24 with lines linetype 1, \
    data using 1:25 with lines linetype 6, \
    data using 1:26 with lines linetype 3
set lmargin at screen 0.3127
set rmargin at screen 0.5152
set tmargin at screen 0.6184
set bmargin at screen 0.3799
set title "GTSRB, 2×" offset 0,-0.5
set format y ""
set ylabel ""
set format x ""
set xlabel ""
plot data using 1:27 with lines linetype 2, \
    data using 1:28 with lines linetype 4, \
    data using 1:29 with lines linetype 1, \
    data using 1:30 with lines linetype 6, \
    data using 1:31 with lines linetype 3
set lmargin at screen 0.5467
set rmargin at screen 0.7492
set tmargin at screen 0.6184
set bmargin at screen 0.3799
set title "GTSRB, 4×" offset 0,-0.5
set format y ""
set ylabel ""
set format x ""
set xlabel ""
plot data using 1:32 with lines linetype 2, \
    data using 1:33 with lines linetype 4, \
    data using 1:34 with lines linetype 1, \
    data using 1:35 with lines linetype 6, \
    data using 1:36 with lines linetype 3
set lmargin at screen 0.7807
set rmargin at screen 0.9831
set tmargin at screen 0.6184
set bmargin at screen 0.3799
set title "GTSRB, 8×" offset 0,-0.5
set format y ""
set ylabel ""
set format x ""
set xlabel ""
plot data using 1:37 with lines linetype 2, \
    data using 1:38 with lines linetype 4, \
    data using 1:39 with lines linetype 1, \
    data using 1:40 with lines linetype 6, \
    data using 1:41 with lines linetype 3
set lmargin at screen 0.0787
set rmargin at screen 0.2812
set tmargin at screen 0.3289
set bmargin at screen 0.0905
set title "VOC, 1×" offset 0,-0.5
set format y "%g"
set ylabel "recall (share of pairs)"
set format x "%g"
set xlabel "corner error (normalized)"
plot data using 1:42 with lines linetype 2, \
    data using 1:43 with lines linetype 4, \
    data using 1:44 with lines linetype 1, \
    data using 1:45 with lines linetype 6, \
    data using 1:46 with lines linetype 3
set lmargin at screen 0.3127
set rmargin at screen 0.5152
set tmargin at screen 0.3289
set bmargin at screen 0.0905
set title "VOC, 2×" offset 0,-0.5
set format y ""
set ylabel ""
set format x "%g"
set xlabel "corner error (normalized)"
plot data using 1:47 with lines linetype 2, \
    data using 1:48 with lines linetype 4, \
    data using 1:49 with lines linetype 1, \
    data using 1:50 with lines linetype 6, \
    data using 1:51 with lines linetype 3
set lmargin at screen 0.5467
set rmargin at screen 0.7492
set tmargin at screen 0.3289
set bmargin at screen 0.0905
set title "VOC, 4×" offset 0,-0.5
set format y ""
set ylabel ""
set format x "%g"
set xlabel "corner error (normalized)"
plot data using 1:52 with lines linetype 2, \
    data using 1:53 with lines linetype 4, \
    data using 1:54 with lines linetype 1, \
    data using 1:55 with lines linetype 6, \
    data using 1:56 with lines linetype 3
set lmargin at screen 0.7807
set rmargin at screen 0.9831
set tmargin at screen 0.3289
set bmargin at screen 0.0905
set title "VOC, 8×" offset 0,-0.5
set format y ""
set ylabel ""
set format x "%g"
set xlabel "corner error (normalized)"
plot data using 1:57 with lines linetype 2, \
    data using 1:58 with lines linetype 4, \
    data using 1:59 with lines linetype 1, \
    data using 1:60 with lines linetype 6, \
    data using 1:61 with lines linetype 3
set lmargin at screen 0.0000
set rmargin at screen 1.0000
set tmargin at screen 1.0000
set bmargin at screen 0.9589
set title
set xlabel
set ylabel
unset border
unset tics
unset grid
set key inside center center horizontal samplen 3
plot NaN with lines linetype 2 title "bilinear", NaN with lines linetype 4 title "multi-scale", NaN with lines linetype 1 title "linearized", NaN with lines linetype 6 title "released noise", NaN with lines linetype 3 title "align"
unset multiplot
