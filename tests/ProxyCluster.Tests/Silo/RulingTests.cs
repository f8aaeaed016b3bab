using System.Net;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using ProxyCluster.Admin;
using ProxyCluster.Outcomes;
using ProxyCluster.Rulings;

namespace ProxyCluster.Tests.Silo;

/// <summary>What a client sees of operators' orders about module versions, on a whole silo.</summary>
public sealed class RulingTests : IAsyncLifetime
{
    private const string Private = "private.test/m";

    private static readonly SiloModule One = SiloModule.Pack("example.com/m", "v1.0.0");
    private static readonly SiloModule Two = SiloModule.Pack("example.com/m", "v1.1.0");
    private static readonly SiloModule Tag = SiloModule.Pack(Private, "v1.0.0");
    private static readonly SiloModule Moved = SiloModule.Pack(Private, "v1.0.0", goModRest: "\ngo 1.22\n");

    private TestSilo _silo = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _silo = await TestSilo.StartAsync(("Verification:Private", Private));
        _silo.Add(One, Two, Tag);
        _silo.Upstream.Put("/example.com/m/@v/list", "v1.0.0\nv1.1.0\n");
        _silo.Upstream.Put("/example.com/m/@latest", Encoding.UTF8.GetString(Two.Info));
        _silo.Upstream.Put("/example.com/m/@v/main.info", Encoding.UTF8.GetString(Two.Info));
    }

    public ValueTask DisposeAsync() => _silo.DisposeAsync();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Withdrawn_StoredAndHotOrNot_IsRefusedWithTheReasonUntilTakenBack(bool isStored)
    {
        string[] artifacts = [Two.Stem + ".info", Two.Stem + ".mod", Two.Stem + ".zip"];
        for (var times = 0; isStored && times < 2; times++)
            await AllAsync(HttpStatusCode.OK, artifacts);

        await RuleAsync(RulingVerb.Withdraw, Two);

        foreach (var path in (string[])[.. artifacts, "/cached-only" + Two.Stem + ".zip", "/example.com/m/@v/main.info"])
        {
            using var answer = await _silo.Http.GetAsync(path, Cancel);
            Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
            Assert.Contains("example.com/m@v1.1.0 was withdrawn by alice", await answer.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        }

        if (!isStored)
            Assert.All(artifacts, path => Assert.Equal(0, _silo.Upstream.Requests(path)));
        await AllAsync(HttpStatusCode.OK, One.Stem + ".zip");
        Assert.Equal(One.Info, await _silo.Http.GetByteArrayAsync("/example.com/m/@latest", Cancel));

        await RuleAsync(RulingVerb.Withdraw, Two, isUndone: true);
        Assert.Equal(Two.Info, await _silo.Http.GetByteArrayAsync("/example.com/m/@latest", Cancel));
        await AllAsync(HttpStatusCode.OK, [.. artifacts, "/example.com/m/@latest", "/example.com/m/@v/main.info"]);
    }

    [Fact]
    public async Task Withdrawn_IsNotListedAndLeadsNobodyThereByItsPrefix()
    {
        Assert.Equal("v1.0.0\nv1.1.0\n", await _silo.Http.GetStringAsync("/example.com/m/@v/list", Cancel));
        Assert.Equal(Two.Info, await _silo.Http.GetByteArrayAsync("/example.com/m/@v/v1.info", Cancel));

        await RuleAsync(RulingVerb.Withdraw, Two);

        for (var times = 0; times < 2; times++)
            Assert.Equal("v1.0.0\n", await _silo.Http.GetStringAsync("/example.com/m/@v/list", Cancel));
        Assert.Equal(One.Info, await _silo.Http.GetByteArrayAsync("/example.com/m/@v/v1.info", Cancel));
    }

    [Fact]
    public async Task Withdrawn_TheSiloStartsAgain_IsStillRefused()
    {
        await AllAsync(HttpStatusCode.OK, Two.Stem + ".zip");
        await RuleAsync(RulingVerb.Withdraw, Two);

        await _silo.StopAsync();
        await _silo.StartAgainAsync();

        await AllAsync(HttpStatusCode.Forbidden, Two.Stem + ".zip");
        Assert.Equal(1, Orders.InForce().Revision);

        // The grain's place is memory, and was lost with the process: what is decided next comes after what was.
        await RuleAsync(RulingVerb.Withdraw, One);
        Assert.Equal((2, 2), (Orders.InForce().Revision, Orders.InForce().Rulings.Length));
    }

    [Fact]
    public async Task Tag_Moved_IsRefusedWithTheNextStepWhichHasItBelieved()
    {
        await AllAsync(HttpStatusCode.OK, Tag.Stem + ".info", Tag.Stem + ".mod", Tag.Stem + ".zip", Tag.Stem + ".zip");
        _silo.Upstream.Put(Moved.Stem + ".mod", Moved.GoMod);
        _silo.Upstream.Put(Moved.Stem + ".zip", Moved.Zip);

        // 1. The bytes that are here are lost, and others come.
        File.Delete(Directory.GetFiles(_silo.Data, "v1.0.0.zip", SearchOption.AllDirectories).Single(static file => file.Contains(Private, StringComparison.Ordinal)));
        await _silo.StopAsync();
        await _silo.StartAgainAsync();
        using (var refused = await _silo.Http.GetAsync(Tag.Stem + ".zip", Cancel))
        {
            Assert.Equal(HttpStatusCode.BadGateway, refused.StatusCode);
            var text = await refused.Content.ReadAsStringAsync(Cancel);
            Assert.Contains(Tag.ZipH1, text, StringComparison.Ordinal);
            Assert.Contains($"proxycluster module accept {Private}@v1.0.0 --zip {Moved.ZipH1} --reason", text, StringComparison.Ordinal);
        }

        // 2. What is accepted is what comes, or nothing is.
        await RuleAsync(RulingVerb.Accept, Tag, zipH1: One.ZipH1);
        using (var refused = await _silo.Http.GetAsync(Tag.Stem + ".zip", Cancel))
        {
            Assert.Equal(HttpStatusCode.BadGateway, refused.StatusCode);
            Assert.Contains($"only {One.ZipH1} is accepted", await refused.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        }

        // 3. Believed by order, all of it.
        await RuleAsync(RulingVerb.Accept, Tag, zipH1: Moved.ZipH1);
        Assert.Equal(Moved.GoMod, await _silo.Http.GetByteArrayAsync(Tag.Stem + ".mod", Cancel));
        Assert.Equal(Moved.Zip, await _silo.Http.GetByteArrayAsync(Tag.Stem + ".zip", Cancel));
        Assert.Equal((Moved.ZipH1, Moved.GoModH1), (_silo.RecordOf(Tag)?.ZipH1, _silo.RecordOf(Tag)?.GoModH1));
    }

    [Fact]
    public async Task Accept_WhatAChecksumDatabaseProves_IsRefused()
    {
        var order = new Ruling(RulingVerb.Accept, One.Module, Two.ZipH1, null, "alice", "moved", default);

        var failure = (await Orders.GiveAsync(order, isUndone: false, Cancel)).Failure;

        Assert.Equal(FailureKind.Blocked, failure?.Kind);
        Assert.Empty(Orders.InForce().Rulings);
    }

    [Fact]
    public async Task TakenBack_WhatWasNotOrdered_IsNotFound()
    {
        await RuleAsync(RulingVerb.Withdraw, Tag);
        var order = new Ruling(RulingVerb.Accept, Tag.Module, null, null, "alice", "moved", default);

        Assert.Equal(FailureKind.NotFound, (await Orders.GiveAsync(order, isUndone: true, Cancel)).Failure?.Kind);
        Assert.Single(Orders.InForce().Rulings);
    }

    private RulingOrders Orders => _silo.Services.GetRequiredService<RulingOrders>();

    private async Task RuleAsync(RulingVerb verb, SiloModule module, bool isUndone = false, string? zipH1 = null)
    {
        var given = await Orders.GiveAsync(new Ruling(verb, module.Module, zipH1, null, "alice", "a test says so", default), isUndone, Cancel);
        for (var tries = 0; given.Failure?.RetryAfter is not null && tries < 50; tries++)
        {
            await Task.Delay(100, Cancel); // the silo is still joining itself
            given = await Orders.GiveAsync(new Ruling(verb, module.Module, zipH1, null, "alice", "a test says so", default), isUndone, Cancel);
        }

        Assert.Null(given.Failure);
    }

    private async Task AllAsync(HttpStatusCode status, params string[] paths)
    {
        foreach (var path in paths)
        {
            using var answer = await _silo.Http.GetAsync(path, Cancel);
            Assert.True(status == answer.StatusCode, $"{path}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync(Cancel)}");
        }
    }
}
