namespace ProxyCluster.Benchmarks.Trace.Sources;

/// <summary>
/// SplitMix64 (Steele, Lea, Flood): the same numbers for the same seed with every runtime, which <see cref="Random"/> does
/// not promise, and 64 bits of each, which a draw among ten million needs.
/// </summary>
internal struct TraceRandom(ulong seed)
{
    private ulong _state = seed;

    /// <summary>The next number.</summary>
    public ulong Next() => Mix(_state += 0x9e3779b97f4a7c15UL);

    /// <summary>The next one from 0 to below 1.</summary>
    public double NextDouble() => Fraction(Next());

    /// <summary>The next one from 0 to below <paramref name="bound"/>.</summary>
    public int NextBelow(int bound) => (int)Math.BigMul(Next(), (ulong)bound, out _);

    /// <summary>A number that looks drawn and is always the same for the same one.</summary>
    public static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9UL;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebUL;
        return z ^ (z >> 31);
    }

    /// <summary>A number as one from 0 to below 1.</summary>
    public static double Fraction(ulong number) => (number >> 11) * (1.0 / (1UL << 53));
}
