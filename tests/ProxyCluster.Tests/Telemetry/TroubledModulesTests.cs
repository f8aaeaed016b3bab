using ProxyCluster.Telemetry;
using ProxyCluster.TestKit;

namespace ProxyCluster.Tests.Telemetry;

public sealed class TroubledModulesTests
{
    private readonly ManualTimeProvider _clock = new();
    private readonly TroubledModules _modules;

    public TroubledModulesTests() => _modules = new(_clock);

    [Fact]
    public void Read_Some_AreTheFewThatWereMetMost()
    {
        for (var module = 1; module <= 9; module++)
            Count($"example.com/m{module}", module);

        Assert.Equal("example.com/m9 9, example.com/m8 8, example.com/m7 7, example.com/m6 6, example.com/m5 5", Read());
    }

    [Fact]
    public void Read_LongNames_AreAsManyAsAReportHasRoomFor()
    {
        for (var module = 1; module <= 9; module++)
            Count($"example.com/{new string('m', 150)}{module}", module);

        Assert.Equal(2, _modules.Read().Count);
    }

    [Fact]
    public void Read_AfterHalfAMinuteAndAMinute_IsThereAndForgotten()
    {
        Count("example.com/old", 3);
        _clock.Advance(TimeSpan.FromSeconds(31));
        Count("example.com/new", 1);
        Assert.Equal("example.com/old 3, example.com/new 1", Read());

        _clock.Advance(TimeSpan.FromSeconds(31));
        Assert.Equal("example.com/new 1", Read());
        _clock.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal("", Read());
    }

    [Fact]
    public void Count_NamesWithoutEnd_KeepWhatIsMetAgainAndAgain()
    {
        Count("example.com/real", 2);
        for (var stranger = 0; stranger < 10 * TroubledModules.MaxModules; stranger++)
        {
            Count($"example.com/s{stranger}", 1);
            if (stranger % 100 == 0)
                Count("example.com/real", 1);
        }

        Assert.Equal("example.com/real 28", Read()[.."example.com/real 28".Length]);
    }

    private void Count(string module, int times)
    {
        for (; times > 0; times--)
            _modules.Count(module);
    }

    private string Read() => string.Join(", ", _modules.Read().Select(static one => $"{one.Key} {one.Value}"));
}
