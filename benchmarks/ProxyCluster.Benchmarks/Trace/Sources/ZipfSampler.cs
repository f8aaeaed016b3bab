namespace ProxyCluster.Benchmarks.Trace.Sources;

/// <summary>
/// Draws ranks from 0 by Zipf's law: rank k comes up in proportion to (k + 1) to the power of minus the exponent. By
/// rejection-inversion (Hörmann and Derflinger, 1996): no table, so that ten million ranks cost what ten do.
/// </summary>
internal sealed class ZipfSampler
{
    private readonly int _count;
    private readonly double _exponent;
    private readonly double _first;
    private readonly double _last;
    private readonly double _sure;

    /// <param name="count">How many ranks there are.</param>
    /// <param name="exponent">Above 0; 1 is what popularity usually looks like, more of it favours the first ranks.</param>
    public ZipfSampler(int count, double exponent)
    {
        (_count, _exponent) = (count, exponent);
        _first = Integral(1.5) - 1;
        _last = Integral(count + 0.5);
        _sure = 2 - Inverse(Integral(2.5) - Density(2));
    }

    /// <summary>The next rank.</summary>
    public int Next(ref TraceRandom random)
    {
        while (true)
        {
            var u = _last + (random.NextDouble() * (_first - _last));
            var x = Inverse(u);
            var rank = Math.Clamp((int)(x + 0.5), 1, _count);

            // What lies under the curve and beside the step is drawn again.
            if (rank - x <= _sure || u >= Integral(rank + 0.5) - Density(rank))
                return rank - 1;
        }
    }

    private double Density(double x) => Math.Exp(-_exponent * Math.Log(x));

    private double Integral(double x)
    {
        var log = Math.Log(x);
        var t = (1 - _exponent) * log;
        return log * (Math.Abs(t) > 1e-8 ? (Math.Exp(t) - 1) / t : 1 + (t / 2));
    }

    private double Inverse(double x)
    {
        var t = Math.Max(-1, x * (1 - _exponent));
        return Math.Exp(x * (Math.Abs(t) > 1e-8 ? Math.Log(1 + t) / t : 1 - (t / 2)));
    }
}
