using ProxyCluster.Telemetry;

namespace ProxyCluster.Tests.Telemetry;

public sealed class PrometheusNamesTests
{
    [Theory]
    [InlineData("a.b", null, "Counter", "a_b_total")]
    [InlineData("a.b", "{request}", "Gauge", "a_b")]
    [InlineData("a.duration", "s", "Histogram", "a_duration_seconds")]
    [InlineData("served.bytes", "By", "Counter", "served_bytes_total")]
    [InlineData("a.use", "1", "Gauge", "a_use_ratio")]
    [InlineData("a.use", "1", "Counter", "a_use_total")]
    [InlineData("a.rate", "By/s", "Gauge", "a_rate_bytes_per_second")]
    [InlineData("a.rate", "{request}/s", "Gauge", "a_rate_per_second")]
    [InlineData("a.total", null, "Counter", "a_total")]
    [InlineData("2x", "Mibit", "Gauge", "_2x_Mibit")]
    public void Metric_NameAndUnit_FollowTheSpecification(string name, string? unit, string kind, string expected) =>
        Assert.Equal(expected, PrometheusNames.Metric(name, unit, Enum.Parse<MetricKind>(kind)));
}
