using CsCheck;

namespace ProxyCluster.Tests.Fuzz;

/// <summary>
/// What strangers could send: something that is right, changed in a few places. Bytes are flipped, set, cut out, doubled,
/// put in, and replaced by words that mean something to the parser; or the rest of another one is put on.
/// </summary>
internal static class Mutations
{
    private enum Change
    {
        Flip,
        Set,
        Cut,
        Double,
        Insert,
        Splice,
        End,
    }

    public static Gen<byte[]> Of(IReadOnlyList<byte[]> sound, IReadOnlyList<byte[]> words)
    {
        var change = Gen.Select(
            Gen.Enum<Change>(), Gen.Double[0, 1], Gen.Double[0, 1], Gen.Byte, Gen.Int[0, words.Count - 1], Gen.Int[0, sound.Count - 1]);
        return Gen.Select(Gen.Int[0, sound.Count - 1], change.Array[0, 6]).Select((of, changes) => changes.Aggregate(
            sound[of], (bytes, c) => Apply(bytes, c.Item1, c.Item2, c.Item3, c.Item4, words[c.Item5], sound[c.Item6])));
    }

    private static byte[] Apply(byte[] bytes, Change change, double where, double howMuch, byte value, byte[] word, byte[] other)
    {
        var at = (int)(where * bytes.Length);

        // Small changes more often than large ones.
        var end = Math.Min(bytes.Length, at + 1 + (int)(howMuch * howMuch * howMuch * (bytes.Length - at)));
        switch (change)
        {
            case Change.Flip or Change.Set when at < bytes.Length:
                byte[] changed = [.. bytes];
                changed[at] = change == Change.Set ? value : (byte)(changed[at] ^ (1 << (value & 7)));
                return changed;
            case Change.Cut:
                return [.. bytes[..at], .. bytes[end..]];
            case Change.Double when bytes.Length < 1 << 16:
                return [.. bytes[..end], .. bytes[at..]];
            case Change.Insert:
                return [.. bytes[..at], .. word, .. bytes[at..]];
            case Change.Splice:
                return [.. bytes[..at], .. other[(int)(howMuch * other.Length)..]];
            default:
                return bytes[..at];
        }
    }
}
