using System.Globalization;

namespace ProxyCluster.Benchmarks.Silos;

/// <summary>Durations of one kind, from all rounds.</summary>
internal sealed class Figures(string name)
{
    private readonly List<double> _seconds = [];

    public static string Head => $"{"",-64}{"n",6}{"min s",9}{"median s",10}{"max s",9}";

    public void Add(TimeSpan time)
    {
        lock (_seconds)
            _seconds.Add(time.TotalSeconds);
    }

    public override string ToString()
    {
        lock (_seconds)
        {
            _seconds.Sort();
            return _seconds.Count == 0
                ? $"{name,-64}{0,6}"
                : string.Create(CultureInfo.InvariantCulture, $"{name,-64}{_seconds.Count,6}{_seconds[0],9:F2}{_seconds[_seconds.Count / 2],10:F2}{_seconds[^1],9:F2}");
        }
    }
}
