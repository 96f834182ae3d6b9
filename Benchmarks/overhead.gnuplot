# The cost of sampling by pixels and by samples, from the tables of sampler-overhead: gnuplot -c overhead.gnuplot DIRECTORY
set terminal pngcairo size 1400,620 font "sans-serif,18"
set output ARG1."/overhead.png"
set datafile separator ","
set multiplot layout 1,2
set logscale xy
set format "10^{%T}"
set key top left Left reverse
set grid lw 0.5 lc rgb "#cccccc"
set ylabel "forward, ms"
set xlabel "pixels (3 channels, K = 8)"
linear(x) = x * 1e-5
plot ARG1."/pixels.csv" using 1:2 skip 1 with linespoints lw 3 pt 7 ps 1.5 lc rgb "#0072B2" title "bilinear", \
     "" using 1:3 skip 1 with linespoints lw 3 pt 5 ps 1.5 lc rgb "#D55E00" title "linearized", \
     linear(x) with lines dt 2 lw 2 lc rgb "#555555" title "in proportion"
set format x "%.0f"
set xtics (2, 4, 8, 16, 32, 64)
set xrange [1.7:75]
set xlabel "samples K (64x3x50x50 to 50x50)"
plot ARG1."/samples.csv" using 1:2 skip 1 with linespoints lw 3 pt 7 ps 1.5 lc rgb "#0072B2" title "bilinear", \
     "" using 1:3 skip 1 with linespoints lw 3 pt 5 ps 1.5 lc rgb "#D55E00" title "linearized"
