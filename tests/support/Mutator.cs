using System.Globalization;

namespace Kavalek.Tests.Support;

/// <summary>Makes hostile input out of valid samples: always the same for the same seed, so that a failure repeats.</summary>
/// <param name="seed">Where the randomness starts.</param>
/// <param name="samples">Valid inputs.</param>
/// <param name="fragments">Bytes that mean something to the decoder, to be put anywhere.</param>
public sealed class Mutator(int seed, IReadOnlyList<byte[]> samples, params byte[][] fragments)
{
    readonly Random _random = new(seed);

    /// <summary>Fragments of protobuf: lengths at and beyond every limit, and tags of all wire types.</summary>
    public static byte[][] Protobuf { get; } =
    [
        [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01], [0xff, 0xff, 0xff, 0xff, 0x0f], [0xff, 0xff, 0xff, 0xff, 0x07],
        [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80], [0x80, 0x01], [0x00], [0x0a, 0x00], [0x18, 0x80, 0x80, 0x80, 0x80, 0x80, 0x20],
        // A message inside that claims almost 2^31 bytes, in every field that may hold one.
        .. Enumerable.Range(1, 14).Select(field => (byte[])[(byte)((field << 3) | 2), 0xff, 0xff, 0xff, 0xff, 0x07]),
        [0x0b], [0x0c], [0x0d, 1, 2, 3, 4], [0x09, 1, 2, 3, 4, 5, 6, 7, 8], [0xf8, 0xff, 0xff, 0xff, 0x0f, 0x01],
    ];

    /// <summary>Fragments of JSON: nesting, duplicates, numbers and text at their limits.</summary>
    public static byte[][] Json { get; } =
    [
        .. ((string[])[new('[', 10_000), "{\"a\":", "null", "1e999", "-1", "18446744073709551616", "\"\\ud800\"", "\"\\u0000\"", "\"$type\":\"System.Object\",",
            ",", "}", "\"", "true", "//", "\u202e", "{}", "[]"]).Select(System.Text.Encoding.UTF8.GetBytes),
        [0xff], [0xc0, 0x80], [0xef, 0xbb, 0xbf],
    ];

    /// <summary>How many inputs a decoder gets: as many as <c>KAVALEK_FUZZ</c> says, or <paramref name="few"/>.</summary>
    /// <param name="few">What the normal run can afford.</param>
    /// <param name="share">1 in so many of <c>KAVALEK_FUZZ</c>, where each input costs more.</param>
    public static int Rounds(int few, int share = 1) =>
        int.TryParse(Environment.GetEnvironmentVariable("KAVALEK_FUZZ"), CultureInfo.InvariantCulture, out int rounds) ? Math.Max(few, rounds / share) : few;

    /// <summary>So many inputs, each made from a sample by one to three changes; one in eight is noise.</summary>
    public IEnumerable<byte[]> Inputs(int count)
    {
        for (int i = 0; i < count; i++) yield return _random.Next(8) == 0 ? Noise() : Mutated();
    }

    byte[] Mutated()
    {
        List<byte> bytes = [.. Pick(samples)];
        for (int times = _random.Next(1, 4); times > 0; times--)
        {
            int at = _random.Next(bytes.Count + 1);
            switch (_random.Next(6))
            {
                case 0 when at < bytes.Count:
                    bytes[at] ^= (byte)(1 << _random.Next(8));
                    break;
                case 1 when at < bytes.Count:
                    bytes[at] = (byte)_random.Next(256);
                    break;
                case 2:
                    bytes.RemoveRange(at, _random.Next(bytes.Count - at + 1));
                    break;
                case 3:
                    bytes.InsertRange(at, Noise());
                    break;
                case 4 when fragments.Length > 0:
                    bytes.InsertRange(at, Pick(fragments));
                    break;
                default:
                    byte[] other = Pick(samples);
                    int from = _random.Next(other.Length + 1);
                    bytes.InsertRange(at, other[from.._random.Next(from, other.Length + 1)]);
                    break;
            }
        }
        return [.. bytes];
    }

    byte[] Noise()
    {
        byte[] noise = new byte[_random.Next(_random.Next(2) == 0 ? 20 : 400)];
        _random.NextBytes(noise);
        return noise;
    }

    byte[] Pick(IReadOnlyList<byte[]> of) => of[_random.Next(of.Count)];
}
