using ProxyCluster.Cli.Operators;

namespace ProxyCluster.Tests.Cli.Operators;

public sealed class EventStartTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 21, 6, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("0", 0, null)]
    [InlineData("41", 41, null)]
    [InlineData("1h", 0, "2026-11-21T05:00:00Z")]
    [InlineData("2d", 0, "2026-11-19T06:00:00Z")]
    [InlineData("1h30m", 0, "2026-11-21T04:30:00Z")]
    [InlineData("2026-11-20T23:00:00Z", 0, "2026-11-20T23:00:00Z")]
    [InlineData("2026-11-20T23:00:00+09:00", 0, "2026-11-20T14:00:00Z")]
    [InlineData("2026-11-20", 0, "2026-11-20T00:00:00Z")]
    public void TryParse_IdTimeOrMoment_IsUnderstood(string text, long id, string? from)
    {
        Assert.True(EventStart.TryParse(text, Now, out var start));
        Assert.Equal(new EventStart(id, from is null ? null : DateTimeOffset.Parse(from, System.Globalization.CultureInfo.InvariantCulture)), start);
    }

    [Theory]
    [InlineData("")]
    [InlineData("-1")]
    [InlineData("-1h")]
    [InlineData("yesterday")]
    [InlineData("9999999d")]
    public void TryParse_AnythingElse_IsNot(string text) => Assert.False(EventStart.TryParse(text, Now, out _));
}
