#include "CImageCodecs.h"

#include <stdio.h>

#include <jpeglib.h>
#include <png.h>
#include <tiffio.h>
#include <webp/decode.h>

#define QUOTED_(x) #x
#define QUOTED(x) QUOTED_(x)

const char *cimage_png_version(void) { return png_get_libpng_ver(NULL); }

const char *cimage_jpeg_version(void) {
#ifdef LIBJPEG_TURBO_VERSION
    return "turbo " QUOTED(LIBJPEG_TURBO_VERSION);
#else
    return QUOTED(JPEG_LIB_VERSION);
#endif
}

const char *cimage_tiff_version(void) { return TIFFGetVersion(); }

int cimage_webp_version(void) { return WebPGetDecoderVersion(); }
