using Microsoft.Extensions.Logging;
using ProxyCluster.Telemetry;
using ProxyCluster.TestKit;
using ProxyCluster.Tests.Silo;

namespace ProxyCluster.Tests.Telemetry;

public sealed class BoundedLogTests : IDisposable
{
    private static readonly Action<ILogger, string, string, Exception?> Say =
        LoggerMessage.Define<string, string>(LogLevel.Warning, new EventId(1, "Said"), "Name {Name} was refused: {Reason}");

    private readonly SiloLog _written = new();
    private readonly ManualTimeProvider _clock = new();
    private readonly BoundedLog _log;
    private readonly ILogger _logger;

    public BoundedLogTests()
    {
        _log = new BoundedLog(_written, _clock);
        _logger = _log.CreateLogger("Doors");
    }

    public void Dispose() => _log.Dispose();

    [Fact]
    public void Line_OfAHarmlessName_IsWrittenAsItIs()
    {
        Say(_logger, "example.com/caf\u00e9", "not there", null);
        Assert.Equal(["Warning Doors: Name example.com/caf\u00e9 was refused: not there"], _written.Lines);
    }

    [Theory]
    [InlineData("\u001b[31mred")]
    [InlineData("a\u0007bell")]
    [InlineData("two\nlines")]
    [InlineData("c1 \u009b31m")]
    [InlineData("turned \u202e round")]
    [InlineData("line \u2028 separator")]
    public void Line_OfANameThatSteersATerminal_HasNoneOfIt(string name)
    {
        Say(_logger, name, "why", new InvalidOperationException(name.Replace('\n', ' ')));
        var line = Assert.Single(_written.Lines);
        Assert.DoesNotContain(line, static c => char.IsControl(c) || c is '\u202e' or '\u2028');
        Assert.Contains("\\u", line, StringComparison.Ordinal);
        Assert.All(Assert.Single(_written.Exceptions), static c => Assert.True(c is '\n' or '\r' || !(char.IsControl(c) || c is '\u202e' or '\u2028')));
    }

    [Fact]
    public void Line_OfAnEndlessName_IsClippedAndStillSaysWhy()
    {
        Say(_logger, new string('x', 100_000), "too long", new InvalidOperationException(new string('y', 100_000)));
        var line = Assert.Single(_written.Lines);
        Assert.InRange(line.Length, 100, 400);
        Assert.EndsWith("… was refused: too long", line, StringComparison.Ordinal);
        Assert.InRange(Assert.Single(_written.Exceptions).Length, 100, 10_000);
    }

    [Fact]
    public void Event_AgainAndAgain_IsCountedAndNotRepeated()
    {
        for (var i = 0; i < 1_000; i++)
            Say(_logger, $"name {i}", "why", null);
        Assert.Equal(BoundedLog.MaxPerWindow, _written.Lines.Count);

        _clock.Advance(BoundedLog.Window);
        Assert.Equal(BoundedLog.MaxPerWindow + 1, _written.Lines.Count);
        Assert.Contains("980 more lines like this one were left out: Name name 19", _written.Lines.Last(), StringComparison.Ordinal);

        _clock.Advance(BoundedLog.Window);
        Assert.Equal(BoundedLog.MaxPerWindow + 1, _written.Lines.Count);
        Say(_logger, "another", "why", null);
        Assert.Contains("another", _written.Lines.Last(), StringComparison.Ordinal);
    }

    [Fact]
    public void Events_OfAnotherKind_AreWrittenMeanwhile()
    {
        for (var i = 0; i < 1_000; i++)
            Say(_logger, $"name {i}", "why", null);
        Say(_log.CreateLogger("Others"), "disk", "full", null);
        Assert.Equal("Warning Others: Name disk was refused: full", _written.Lines.Last());
    }

    [Fact]
    public void End_WithLinesLeftOut_SaysHowMany()
    {
        for (var i = 0; i <= BoundedLog.MaxPerWindow; i++)
            Say(_logger, $"name {i}", "why", null);
        _log.Dispose();
        Assert.Contains("1 more lines", _written.Lines.Last(), StringComparison.Ordinal);
    }
}
