using System.Diagnostics.Metrics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using ProxyCluster.Clustering;
using ProxyCluster.Copies;
using ProxyCluster.Lines;
using ProxyCluster.Storage;
using ProxyCluster.Telemetry;
using ProxyCluster.TestKit;
using ProxyCluster.Tests.Lines;

namespace ProxyCluster.Tests.Copies;

/// <summary>Copies for other regions, from whole hosts to whole hosts or to members that the test writes.</summary>
public sealed class ToRegionsTests : IAsyncLifetime
{
    private static readonly (string, string)[] Quick = [("Replication:RetryPause", "20ms"), ("Replication:MaxRetryPause", "50ms")];

    private PeerSite _site = null!;
    private string[] _regions = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _site = await PeerSite.StartAsync();
        _regions = _site.RegionsInOwnerOrder("home", "next", "far");
    }

    public ValueTask DisposeAsync() => _site.DisposeAsync();

    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 1)]
    [InlineData(3, 2)]
    [InlineData(9, 2)]
    public async Task Commit_MinRegions_TheNextOnesOfTheOrderGetOneCopyEach(int minRegions, int copies)
    {
        var home = await HomeAsync(minRegions);
        var others = new[] { await _site.AddAsync(_regions[1], Role.Silo), await _site.AddAsync(_regions[2], Role.Silo) };
        var outcomes = _site.Count(home, static metrics => metrics.Replications);

        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => GetAsync(home)));

        Assert.All(answers, zip => Assert.Equal(_site.Module.Zip, zip));
        await Waiting.UntilAsync(() => outcomes.Total >= copies && Pending(home) == 0);
        Assert.Equal(copies, outcomes.Total);
        foreach (var (index, other) in others.Index())
            Assert.Equal(index < copies, RecordOf(other)?.Zip is not null);
        Assert.Equal(1, _site.Fetches(_site.Zip));
        if (copies > 0)
            Assert.Equal((1, home.Services.GetRequiredService<ClusterSelf>().Member.Id), (outcomes[_regions[1] + "/ok"], RecordOf(others[0])!.Zip!.Source));
    }

    [Fact]
    public async Task Attempt_Fails_IsRepeatedAndTheLagIsSeenMeanwhile()
    {
        var answer = 500;
        var next = await _site.ScriptAsync(_regions[1], (context, _) => AnswerAsync(context, answer));
        var home = await HomeAsync(2);
        var outcomes = _site.Count(home, static metrics => metrics.Replications);
        Assert.Empty(LagOf(home, "objects"));

        await GetAsync(home);
        await Waiting.UntilAsync(() => outcomes[_regions[1] + "/retried"] >= 12);
        Assert.Equal([($"{_regions[0]}>{_regions[1]}", 1L)], LagOf(home, "objects"));
        Assert.Equal([($"{_regions[0]}>{_regions[1]}", (long)_site.Module.Zip.Length)], LagOf(home, "bytes"));
        Assert.InRange(Assert.Single(LagOf(home, "seconds")).Value, 0, 3600);

        answer = 200;
        await Waiting.UntilAsync(() => Pending(home) == 0);
        Assert.Equal(1, outcomes[_regions[1] + "/ok"]);
        Assert.All(next.Asked, target => Assert.Equal(PeerCalls.Prefix + "replicate" + _site.Zip, target));
        Assert.Empty(LagOf(home, "objects"));
        Assert.Empty(Directory.EnumerateFiles(home.Services.GetRequiredService<DataTree>().OwedToRegions));
    }

    [Fact]
    public async Task Region_TakesNoCopy_AnotherOneTakesItsPlace()
    {
        await _site.ScriptAsync(_regions[1], static (context, _) => AnswerAsync(context, 500));
        var far = await _site.AddAsync(_regions[2], Role.Silo);
        var home = await HomeAsync(2);
        var outcomes = _site.Count(home, static metrics => metrics.Replications);

        await GetAsync(home);

        await Waiting.UntilAsync(() => Pending(home) == 0);
        Assert.NotNull(RecordOf(far)?.Zip);
        Assert.Equal((1, 1), (outcomes[_regions[1] + "/moved"], outcomes[_regions[2] + "/ok"]));
    }

    [Fact]
    public async Task Region_IsLostAndNoOtherIsThere_TheCopyIsOwedUntilItReturns()
    {
        var next = await _site.ScriptAsync(_regions[1], static (context, _) => AnswerAsync(context, 500));
        var home = await HomeAsync(2);
        var outcomes = _site.Count(home, static metrics => metrics.Replications);
        await GetAsync(home);
        await Waiting.UntilAsync(() => outcomes[_regions[1] + "/retried"] >= 2);
        await next.LeaveAsync();
        var before = outcomes[_regions[1] + "/retried"];
        await Waiting.UntilAsync(() => outcomes[_regions[1] + "/retried"] > before + 10);
        Assert.Equal(1, Pending(home));

        var back = await _site.AddAsync(_regions[1], Role.Silo);
        await Waiting.UntilAsync(() => Pending(home) == 0);
        Assert.NotNull(RecordOf(back)?.Zip);
    }

    [Fact]
    public async Task Restart_WhatWasOwed_IsStillHandedOut()
    {
        var answer = 500;
        var next = await _site.ScriptAsync(_regions[1], (context, _) => AnswerAsync(context, answer));
        var first = await HomeAsync(2, _site.Data("kept"));
        await GetAsync(first);
        await Waiting.UntilAsync(() => !next.Asked.IsEmpty);
        await _site.RemoveAsync(first);
        answer = 200;
        next.Asked.Clear();

        var second = await HomeAsync(2, _site.Data("kept"));

        // Nothing is pending before the notes are read either.
        var notes = second.Services.GetRequiredService<DataTree>().OwedToRegions;
        await Waiting.UntilAsync(() => !next.Asked.IsEmpty && Pending(second) == 0 && !Directory.EnumerateFiles(notes).Any());
        Assert.Equal(PeerCalls.Prefix + "replicate" + _site.Zip, Assert.Single(next.Asked.Distinct()));
        Assert.Equal(1, _site.Fetches(_site.Zip));
    }

    [Fact]
    public async Task Restart_NotesThatMeanNothing_AreForgotten()
    {
        var home = await HomeAsync(2, _site.Data("kept"));
        var owed = home.Services.GetRequiredService<DataTree>().OwedToRegions;
        await _site.RemoveAsync(home);
        await File.WriteAllTextAsync(Path.Combine(owed, "a"), "", Cancel);
        await File.WriteAllTextAsync(Path.Combine(owed, "b"), "next\nnot a module\nv1\nZip\n", Cancel);
        await File.WriteAllTextAsync(Path.Combine(owed, "c"), "next\nexample.com/never/stored\nv1.0.0\nZip\n", Cancel);

        await HomeAsync(2, _site.Data("kept"));

        await Waiting.UntilAsync(() => !Directory.EnumerateFiles(owed).Any());
    }

    [Fact]
    public async Task Owed_BeyondTheLimit_IsDroppedAndCounted()
    {
        await _site.ScriptAsync(_regions[1], static (context, _) => AnswerAsync(context, 500));
        var home = await HomeAsync(2, ("Replication:MaxWaiting", "1"));
        var outcomes = _site.Count(home, static metrics => metrics.Replications);
        await GetAsync(home);
        await _site.Client.GetByteArrayAsync(new Uri(home.Urls.First() + Path.ChangeExtension(_site.Zip, ".mod")), Cancel);
        Assert.Equal((1, 1), (outcomes[_regions[1] + "/dropped"], Pending(home)));
    }

    [Fact]
    public async Task Take_WhatIsHereAlready_AsksNobody()
    {
        var silo = await _site.AddAsync(_regions[0], Role.Silo);
        var asker = await _site.ScriptAsync(_regions[1], static (context, _) => AnswerAsync(context, 500));
        await GetAsync(silo);
        var taken = await silo.Services.GetRequiredService<CopyTaker>()
            .TakeAsync(asker.Member.Id, _site.Module.Module, GoModules.Names.ArtifactKind.Zip, Cancel);
        Assert.Null(taken.Failure);
        Assert.Empty(asker.Asked);
    }

    private Task<WebApplication> HomeAsync(int minRegions, params (string, string)[] more) => _site.AddAsync(
        _regions[0], Role.Silo, [("Replication:MinRegions", $"{minRegions}"), .. Quick, .. more]);

    private Task<byte[]> GetAsync(WebApplication silo) => _site.Client.GetByteArrayAsync(new Uri(silo.Urls.First() + _site.Zip), Cancel);

    private ModuleRecord? RecordOf(WebApplication silo) => silo.Services.GetRequiredService<DiskStore>().FindRecordOrNull(_site.Module.Module);

    private static int Pending(WebApplication silo) => silo.Services.GetRequiredService<CopyQueue<ToRegions>>().Waiting;

    private static Task AnswerAsync(HttpContext context, int status)
    {
        context.Response.StatusCode = status;
        return Task.CompletedTask;
    }

    /// <summary>What a gauge of the lag says now: from and to, and the value.</summary>
    private static List<(string Pair, long Value)> LagOf(WebApplication silo, string what)
    {
        var seen = new List<(string, long)>();
        var meter = silo.Services.GetRequiredService<ProxyMetrics>().Meter;
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (ReferenceEquals(instrument.Meter, meter) && instrument.Name == "proxycluster.replication.lag." + what)
                    listener.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<long>((_, value, tags, _) => seen.Add(($"{tags[0].Value}>{tags[1].Value}", value)));
        listener.Start();
        listener.RecordObservableInstruments();
        return seen;
    }
}
