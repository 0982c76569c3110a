// Convolutions of 3 x 3 by Winograd's F(4 x 4, 3 x 3), for processors with AVX-512.
//
// Lavin and Gray, "Fast algorithms for convolutional neural networks", arXiv 1509.09308. A tile is 4 x 4 results, made
// of 6 x 6 inputs; both become 36 points, in which a convolution is one product of matrices a point: 36 products where
// 144 were. Tiles are taken in chunks whose points stay in the second-level cache.
//
// Pictures are channels-last, (N, H, W, C) floats, with as many channels coming in as going out. Beyond the border
// everything is 0. Weights are (36, C in, C out): points already.

#include <immintrin.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace {

using Vector = __m512;
using std::size_t;

constexpr int POINTS = 36;
constexpr int CHUNK = 24;  // tiles at once

// What is done to a convolution's results before they are written.
enum Ending { PLAIN = 0, AT_LEAST_ZERO = 1, PLUS_OTHER = 2, WHERE_OTHER_IS_ABOVE_ZERO = 3 };

inline Vector zero() { return _mm512_setzero_ps(); }
inline Vector add(Vector a, Vector b) { return _mm512_add_ps(a, b); }
inline Vector sub(Vector a, Vector b) { return _mm512_sub_ps(a, b); }
inline Vector scaled(float a, Vector b, Vector c) { return _mm512_fmadd_ps(_mm512_set1_ps(a), b, c); }

// The paper's B^T: six inputs of a line to six points.
inline void to_points(const Vector* d, Vector* o) {
  Vector a = scaled(-4, d[2], d[4]), b = scaled(-4, d[1], d[3]);
  Vector c = sub(d[4], d[2]), e = sub(d[3], d[1]);
  e = add(e, e);
  o[0] = scaled(4, d[0], scaled(-5, d[2], d[4]));
  o[1] = add(a, b);
  o[2] = sub(a, b);
  o[3] = add(c, e);
  o[4] = sub(c, e);
  o[5] = scaled(4, d[1], scaled(-5, d[3], d[5]));
}

// A^T: six points to four results.
inline void from_points(const Vector* m, Vector* o) {
  Vector a = add(m[1], m[2]), b = sub(m[1], m[2]), c = add(m[3], m[4]), e = sub(m[3], m[4]);
  o[0] = add(add(m[0], a), c);
  o[1] = scaled(2, e, b);
  o[2] = scaled(4, c, a);
  o[3] = add(scaled(8, e, b), m[5]);
}

// A: gradients of four results to those of six points.
inline void back_to_points(const Vector* y, Vector* o) {
  Vector even = add(y[0], y[2]), odd = add(y[1], y[3]);
  Vector even_fours = scaled(4, y[2], y[0]), odd_fours = scaled(4, y[3], y[1]);
  odd_fours = add(odd_fours, odd_fours);
  o[0] = y[0];
  o[1] = add(even, odd);
  o[2] = sub(even, odd);
  o[3] = add(even_fours, odd_fours);
  o[4] = sub(even_fours, odd_fours);
  o[5] = y[3];
}

struct Size {
  int n, h, w;
  int down() const { return (h + 3) / 4; }
  int across() const { return (w + 3) / 4; }
  int tiles() const { return n * down() * across(); }
  int chunks() const { return (tiles() + CHUNK - 1) / CHUNK; }
};

// Picture and first pixel of a tile's results.
struct Place {
  int n, y, x;
};

inline Place place_of(const Size& size, int tile) {
  int across = size.across(), in_picture = size.down() * across;
  return {tile / in_picture, tile % in_picture / across * 4, tile % across * 4};
}

// Floats that start at a cache line, for as long as their thread lives.
struct Buffer {
  float* data;
  explicit Buffer(size_t count) : data(static_cast<float*>(std::aligned_alloc(64, count * sizeof(float)))) {
    clear(count);
  }
  ~Buffer() { std::free(data); }
  void clear(size_t count) { std::memset(data, 0, count * sizeof(float)); }
};

template <int C>
struct Channels {
  static constexpr int VECTORS = C / 16;
  // Of one point of a chunk. Were it a multiple of 4 KB, a tile's points would all fall into the same cache lines.
  static constexpr int PLANE = CHUNK * C + 16;
  static constexpr int ROWS = VECTORS == 3 ? 8 : 6;  // tiles whose sums fit into registers
  static_assert(CHUNK % ROWS == 0, "a chunk is whole groups of rows");

  static size_t offset(const Size& size, int n, int y, int x) { return ((size_t)(n * size.h + y) * size.w + x) * C; }

  // The 6 x 6 inputs of a tile to its points, each PLANE from the next.
  static void inputs_to_points(const float* x, const Size& size, Place at, float* points) {
    for (int l = 0; l < VECTORS; ++l) {
      Vector rows[6][6], line[6], out[6];
      for (int i = 0; i < 6; ++i) {
        int y = at.y - 1 + i;
        for (int j = 0; j < 6; ++j) {
          int column = at.x - 1 + j;
          bool outside = y < 0 || y >= size.h || column < 0 || column >= size.w;
          line[j] = outside ? zero() : _mm512_loadu_ps(x + offset(size, at.n, y, column) + l * 16);
        }
        to_points(line, rows[i]);
      }
      for (int j = 0; j < 6; ++j) {
        for (int i = 0; i < 6; ++i) line[i] = rows[i][j];
        to_points(line, out);
        for (int i = 0; i < 6; ++i) _mm512_store_ps(points + (i * 6 + j) * PLANE + l * 16, out[i]);
      }
    }
  }

  // The 4 x 4 gradients of a tile's results to those of its points; all of them are added to `total`.
  static void gradients_to_points(const float* g, const Size& size, Place at, float* points, Vector* total) {
    for (int l = 0; l < VECTORS; ++l) {
      Vector rows[4][6], line[4], out[6];
      for (int i = 0; i < 4; ++i) {
        for (int j = 0; j < 4; ++j) {
          bool outside = at.y + i >= size.h || at.x + j >= size.w;
          line[j] = outside ? zero() : _mm512_loadu_ps(g + offset(size, at.n, at.y + i, at.x + j) + l * 16);
          total[l] = add(total[l], line[j]);
        }
        back_to_points(line, rows[i]);
      }
      for (int j = 0; j < 6; ++j) {
        for (int i = 0; i < 4; ++i) line[i] = rows[i][j];
        back_to_points(line, out);
        for (int i = 0; i < 6; ++i) _mm512_store_ps(points + (i * 6 + j) * PLANE + l * 16, out[i]);
      }
    }
  }

  // result[tile][out] = sum over in of points[tile][in] weights[in][out]; whole groups of ROWS tiles are computed.
  static void multiply(const float* points, const float* weights, float* result, int tiles) {
    for (int tile = 0; tile < tiles; tile += ROWS) {
      Vector sums[ROWS][VECTORS];
      for (auto& row : sums)
        for (auto& sum : row) sum = zero();
      const float* mine = points + tile * C;
      for (int k = 0; k < C; ++k) {
        Vector column[VECTORS];
        for (int l = 0; l < VECTORS; ++l) column[l] = _mm512_loadu_ps(weights + k * C + l * 16);
#pragma GCC unroll 8
        for (int r = 0; r < ROWS; ++r) {
          Vector one = _mm512_set1_ps(mine[r * C + k]);
#pragma GCC unroll 4
          for (int l = 0; l < VECTORS; ++l) sums[r][l] = _mm512_fmadd_ps(one, column[l], sums[r][l]);
        }
      }
      for (int r = 0; r < ROWS; ++r)
        for (int l = 0; l < VECTORS; ++l) _mm512_store_ps(result + (tile + r) * C + l * 16, sums[r][l]);
    }
  }

  // weights[in][out] += sum over tiles of points[tile][in] gradients[tile][out].
  static void correlate(const float* points, const float* gradients, float* weights, int tiles) {
    for (int k = 0; k < C; k += 4) {
      Vector sums[4][VECTORS];
#pragma GCC unroll 4
      for (int r = 0; r < 4; ++r)
#pragma GCC unroll 4
        for (int l = 0; l < VECTORS; ++l) sums[r][l] = _mm512_load_ps(weights + (k + r) * C + l * 16);
      for (int tile = 0; tile < tiles; ++tile) {
        Vector row[VECTORS];
#pragma GCC unroll 4
        for (int l = 0; l < VECTORS; ++l) row[l] = _mm512_load_ps(gradients + tile * C + l * 16);
#pragma GCC unroll 4
        for (int r = 0; r < 4; ++r) {
          Vector one = _mm512_set1_ps(points[tile * C + k + r]);
#pragma GCC unroll 4
          for (int l = 0; l < VECTORS; ++l) sums[r][l] = _mm512_fmadd_ps(one, row[l], sums[r][l]);
        }
      }
#pragma GCC unroll 4
      for (int r = 0; r < 4; ++r)
#pragma GCC unroll 4
        for (int l = 0; l < VECTORS; ++l) _mm512_store_ps(weights + (k + r) * C + l * 16, sums[r][l]);
    }
  }

  // A tile's points to its results, which are written within the picture.
  static void points_to_results(const float* points, const Size& size, Place at, const float* bias, const float* other,
                                Ending ending, float* y) {
    for (int l = 0; l < VECTORS; ++l) {
      Vector columns[4][6], line[6], out[4];
      for (int j = 0; j < 6; ++j) {
        for (int i = 0; i < 6; ++i) line[i] = _mm512_load_ps(points + (i * 6 + j) * PLANE + l * 16);
        from_points(line, out);
        for (int i = 0; i < 4; ++i) columns[i][j] = out[i];
      }
      Vector start = bias == nullptr ? zero() : _mm512_loadu_ps(bias + l * 16);
      for (int i = 0; i < 4 && at.y + i < size.h; ++i) {
        from_points(columns[i], out);
        for (int j = 0; j < 4 && at.x + j < size.w; ++j) {
          size_t to = offset(size, at.n, at.y + i, at.x + j) + l * 16;
          Vector value = add(out[j], start);
          if (ending == AT_LEAST_ZERO) value = _mm512_max_ps(value, zero());
          if (ending == PLUS_OTHER) value = add(value, _mm512_loadu_ps(other + to));
          if (ending == WHERE_OTHER_IS_ABOVE_ZERO)
            value = _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(_mm512_loadu_ps(other + to), zero(), _CMP_GT_OQ), value);
          _mm512_storeu_ps(y + to, value);
        }
      }
    }
  }

  static void convolve(const float* x, const float* weights, const float* bias, const float* other, float* y,
                       const Size& size, Ending ending) {
#pragma omp parallel
    {
      static thread_local Buffer points(POINTS * PLANE), results(POINTS * PLANE);
#pragma omp for schedule(dynamic)
      for (int chunk = 0; chunk < size.chunks(); ++chunk) {
        int from = chunk * CHUNK, tiles = std::min(CHUNK, size.tiles() - from);
        for (int t = 0; t < tiles; ++t) inputs_to_points(x, size, place_of(size, from + t), points.data + t * C);
        for (int p = 0; p < POINTS; ++p)
          multiply(points.data + p * PLANE, weights + p * C * C, results.data + p * PLANE, tiles);
        for (int t = 0; t < tiles; ++t)
          points_to_results(results.data + t * C, size, place_of(size, from + t), bias, other, ending, y);
      }
    }
  }

  static void correlate_all(const float* x, const float* g, float* weights, float* bias, const Size& size) {
    std::memset(weights, 0, sizeof(float) * POINTS * C * C);
    std::memset(bias, 0, sizeof(float) * C);
#pragma omp parallel
    {
      static thread_local Buffer points(POINTS * PLANE), gradients(POINTS * PLANE), sums(POINTS * C * C);
      sums.clear(POINTS * C * C);
      Vector total[VECTORS];
      for (auto& sum : total) sum = zero();
#pragma omp for schedule(static)
      for (int chunk = 0; chunk < size.chunks(); ++chunk) {
        int from = chunk * CHUNK, tiles = std::min(CHUNK, size.tiles() - from);
        for (int t = 0; t < tiles; ++t) {
          Place at = place_of(size, from + t);
          inputs_to_points(x, size, at, points.data + t * C);
          gradients_to_points(g, size, at, gradients.data + t * C, total);
        }
        for (int p = 0; p < POINTS; ++p)
          correlate(points.data + p * PLANE, gradients.data + p * PLANE, sums.data + p * C * C, tiles);
      }
#pragma omp critical
      {
        for (int i = 0; i < POINTS * C * C; ++i) weights[i] += sums.data[i];
        alignas(64) float parts[C];
        for (int l = 0; l < VECTORS; ++l) _mm512_store_ps(parts + l * 16, total[l]);
        for (int i = 0; i < C; ++i) bias[i] += parts[i];
      }
    }
  }
};

}  // namespace

extern "C" {

// y = convolution of x, plus bias (may be null), and its ending with `other`, of y's shape. Returns 0, or 1 if
// `channels` is neither 48 nor 64.
int convolve(const float* x, const float* weights, const float* bias, const float* other, float* y, int n, int h, int w,
             int channels, int ending) {
  Size size{n, h, w};
  if (channels == 48)
    Channels<48>::convolve(x, weights, bias, other, y, size, (Ending)ending);
  else if (channels == 64)
    Channels<64>::convolve(x, weights, bias, other, y, size, (Ending)ending);
  else
    return 1;
  return 0;
}

// Gradients of the points of the weights and of the bias (C), from x and those of y. Returns as `convolve`.
int correlate(const float* x, const float* gradients, float* weights, float* bias, int n, int h, int w, int channels) {
  Size size{n, h, w};
  if (channels == 48)
    Channels<48>::correlate_all(x, gradients, weights, bias, size);
  else if (channels == 64)
    Channels<64>::correlate_all(x, gradients, weights, bias, size);
  else
    return 1;
  return 0;
}

}  // extern "C"
