using System.Globalization;

namespace ProxyCluster.Benchmarks.Measuring;

/// <summary>What is to be reached: at least, or at most, a figure.</summary>
internal sealed record Target(bool AtLeast, double Figure)
{
    public static Target Min(double figure) => new(true, figure);

    public static Target Max(double figure) => new(false, figure);

    public bool IsMetBy(double value) => AtLeast ? value >= Figure : value <= Figure;

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{(AtLeast ? ">=" : "<=")} {Figure:0.##}");
}
