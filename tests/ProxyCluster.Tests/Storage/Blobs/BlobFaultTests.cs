using System.Net;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Storage;
using ProxyCluster.Storage.Blobs;
using ProxyCluster.TestKit.Azurite;

namespace ProxyCluster.Tests.Storage.Blobs;

/// <summary>What lies between us and a real Azurite goes wrong.</summary>
[Trait("Needs", "azurite")]
[Collection(AzuriteCollection.Name)]
public sealed class BlobFaultTests(AzuriteFixture fixture) : IAsyncLifetime
{
    private static readonly ModuleVersion Module = StoreSite.Module();
    private static readonly byte[] Large = StoreSite.Bytes((1 << 20) + 5);

    private BlobSite _site = null!;
    private CuttingRelay _relay = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _site = await BlobSite.OpenAsync(fixture.Azurite);
        _relay = new CuttingRelay(fixture.Azurite.Port);
    }

    public async ValueTask DisposeAsync()
    {
        await _relay.DisposeAsync();
        await _site.DisposeAsync();
    }

    [Fact]
    public async Task Commit_ConnectionCutInTheMiddleOfABlock_LeavesNothingVisibleAndWorksLater()
    {
        var options = _site.Options(AzuriteProcess.EndpointAt(_relay.Port));
        options.Retries = 0;
        var store = _site.OpenStore(options);
        _relay.CutUploadAfter(300_000);

        var proposal = StoreSite.Proposal(Module, ArtifactKind.Zip, Large);
        await Assert.ThrowsAsync<StoreException>(() => _site.CommitAsync(proposal, ArtifactKind.Zip, Large, store));

        Assert.Equal(1, _relay.Cuts);
        await AssertNothingVisibleAsync();
        Assert.Null(await StoreSite.ReadOrNullAsync(_site.Other, proposal, ArtifactKind.Zip));
        Assert.Equal(CommitStatus.Committed, (await _site.CommitAsync(proposal, ArtifactKind.Zip, Large, store)).Status);
        Assert.Equal(Large, await _site.ReadOrNullAsync(Module, ArtifactKind.Zip, _site.Other));
    }

    [Theory]
    [InlineData("comp=blocklist", false)]
    [InlineData("comp=blocklist", true)] // the zip is there then, and no record names it
    [InlineData(".record", false)]
    public async Task Commit_ConnectionLostBeforeTheRecordIsWritten_LeavesNothingVisibleAndWorksLater(string where, bool isSent)
    {
        using var handler = new ScriptedHandler();
        bool IsIt(HttpRequestMessage request) => IsWrite(request, where);
        _ = isSent ? handler.BreakAfter(IsIt) : handler.BreakBefore(IsIt);
        if (isSent)
            handler.BreakBefore(request => request.Method == HttpMethod.Head); // not even the look at what became of it
        var options = _site.Options();
        options.Retries = 0;
        var store = _site.OpenStore(options, handler.Transport);

        var proposal = StoreSite.Proposal(Module, ArtifactKind.Zip, Large);
        await Assert.ThrowsAsync<StoreException>(() => _site.CommitAsync(proposal, ArtifactKind.Zip, Large, store));

        await AssertNothingVisibleAsync();
        Assert.Equal(CommitStatus.Committed, (await _site.CommitAsync(proposal, ArtifactKind.Zip, Large)).Status);
        Assert.Equal(Large, await _site.ReadOrNullAsync(Module, ArtifactKind.Zip, _site.Other));
    }

    [Fact]
    public async Task Commit_ConnectionCutOnce_IsRetriedByThePipeline()
    {
        var store = _site.OpenStore(_site.Options(AzuriteProcess.EndpointAt(_relay.Port)));
        _relay.CutUploadAfter(300_000);

        var result = await _site.CommitAsync(StoreSite.Proposal(Module, ArtifactKind.Zip, Large), ArtifactKind.Zip, Large, store);

        Assert.Equal((1, CommitStatus.Committed), (_relay.Cuts, result.Status));
        Assert.Equal(Large, await _site.ReadOrNullAsync(Module, ArtifactKind.Zip, _site.Other));
    }

    [Theory]
    [InlineData("comp=blocklist", "Committed")]
    [InlineData(".record", "AlreadyStored")] // what it meets is its own
    public async Task Commit_AnswerLost_FindsItsOwnBlobAndGoesOn(string where, string expected)
    {
        using var handler = new ScriptedHandler().BreakAfter(request => IsWrite(request, where));
        var store = _site.OpenStore(_site.Options(), handler.Transport);

        var result = await _site.CommitAsync(StoreSite.Proposal(Module, ArtifactKind.Zip, Large), ArtifactKind.Zip, Large, store);

        Assert.Equal((0, expected), (handler.Left, result.Status.ToString()));
        Assert.Equal(Large, await _site.ReadOrNullAsync(Module, ArtifactKind.Zip, _site.Other));
    }

    [Fact]
    public async Task Record_OfAnotherFormat_IsNeitherAbsentNorReplaced()
    {
        var newer = "{\"format\":2,\"path\":\"example.com/m\"}"u8.ToArray();
        await _site.WriteAsync(_site.Names.Record(Module), newer);
        await Assert.ThrowsAsync<StoreException>(async () => await _site.Store.FindRecordOrNullAsync(Module, Cancel));

        var proposal = StoreSite.Proposal(Module, ArtifactKind.Mod, [1]);
        await Assert.ThrowsAsync<StoreException>(() => _site.CommitAsync(proposal, ArtifactKind.Mod, [1], _site.Other));
        var kept = await _site.Client.GetBlobClient(_site.Names.Record(Module)).DownloadContentAsync(Cancel);
        Assert.Equal(newer, kept.Value.Content.ToArray());
    }

    [Fact]
    public async Task Commit_BytesOfAnotherLengthUnderTheirName_AreReplaced()
    {
        var proposal = StoreSite.Proposal(Module, ArtifactKind.Zip, Large);
        await _site.ReplaceBytesAsync(proposal, ArtifactKind.Zip, [1, 2, 3]); // as nobody of us would leave it

        await _site.CommitAsync(proposal, ArtifactKind.Zip, Large);

        Assert.Equal(Large, await _site.ReadOrNullAsync(Module, ArtifactKind.Zip, _site.Other));
    }

    [Fact]
    public async Task Commit_BytesThatAreNotTheProposals_StoresNothing()
    {
        var proposal = StoreSite.Proposal(Module, ArtifactKind.Zip, Large);
        var damaged = (byte[])Large.Clone();
        damaged[^1] ^= 1;

        await Assert.ThrowsAsync<StoreException>(() => _site.CommitAsync(proposal, ArtifactKind.Zip, damaged));

        Assert.Null(await _site.Other.FindRecordOrNullAsync(Module, Cancel));
        Assert.Null(await StoreSite.ReadOrNullAsync(_site.Other, proposal, ArtifactKind.Zip));
    }

    [Fact]
    public async Task Commit_RecordThatCannotBeRead_CountsAsAbsentAndIsReplaced()
    {
        await _site.WriteAsync(_site.Names.Record(Module), "{\"format\":"u8.ToArray());
        Assert.Null(await _site.Store.FindRecordOrNullAsync(Module, Cancel));

        Assert.Equal(CommitStatus.Committed, (await _site.CommitAsync(Module, ArtifactKind.Zip, [1])).Status);
        Assert.NotNull(await _site.Other.FindRecordOrNullAsync(Module, Cancel));
    }

    [Theory]
    [InlineData(HttpStatusCode.ServiceUnavailable)]
    [InlineData(HttpStatusCode.TooManyRequests)]
    public async Task Commit_ThrottledWithRetryAfter_WaitsThatLongAndSucceeds(HttpStatusCode status)
    {
        using var handler = new ScriptedHandler().Answer(status, "1").Answer(status, "500", "x-ms-retry-after-ms");
        var store = _site.OpenStore(_site.Options(), handler.Transport);

        var result = await _site.CommitAsync(StoreSite.Proposal(Module, ArtifactKind.Zip, [1]), ArtifactKind.Zip, [1], store);

        Assert.Equal(CommitStatus.Committed, result.Status);
        var first = handler.Seen.Take(3).ToList();
        Assert.Single(first.Select(call => (call.Method, call.Uri)).Distinct());
        Assert.True(TimeProvider.System.GetElapsedTime(first[0].Timestamp, first[1].Timestamp) >= TimeSpan.FromSeconds(0.99));
        Assert.True(TimeProvider.System.GetElapsedTime(first[1].Timestamp, first[2].Timestamp) >= TimeSpan.FromSeconds(0.49));
    }

    [Theory]
    [InlineData("3600")]
    [InlineData("Fri, 01 Jan 2100 00:00:00 GMT")]
    public async Task Find_ThrottledForLongerThanWeWait_FailsAtOnce(string retryAfter)
    {
        using var handler = new ScriptedHandler().Answer(HttpStatusCode.ServiceUnavailable, retryAfter);
        var store = _site.OpenStore(_site.Options(), handler.Transport);

        var e = await Assert.ThrowsAsync<StoreException>(async () => await store.FindRecordOrNullAsync(Module, Cancel));

        Assert.Contains("503", e.Message, StringComparison.Ordinal);
        Assert.Single(handler.Seen);
    }

    [Fact]
    public async Task Find_ThrottledAgainAndAgain_FailsAfterItsRetries()
    {
        using var handler = new ScriptedHandler();
        for (var n = 0; n < 4; n++)
            handler.Answer(HttpStatusCode.ServiceUnavailable);
        var store = _site.OpenStore(_site.Options(), handler.Transport);

        await Assert.ThrowsAsync<StoreException>(async () => await store.FindRecordOrNullAsync(Module, Cancel));

        Assert.Equal(4, handler.Seen.Count);
        Assert.Null(await store.FindRecordOrNullAsync(Module, Cancel)); // and the next one is asked afresh
    }

    [Fact]
    public async Task Open_ConnectionCutMidway_GoesOnBehindTheLastByte()
    {
        await _site.CommitAsync(Module, ArtifactKind.Zip, Large);
        var store = _site.OpenStore(_site.Options(AzuriteProcess.EndpointAt(_relay.Port)));
        var record = await store.FindRecordOrNullAsync(Module, Cancel);
        _relay.CutDownloadAfter(500_000);

        Assert.Equal(Large, await StoreSite.ReadOrNullAsync(store, record!, ArtifactKind.Zip));

        Assert.Equal((1, 2), (_relay.Cuts, _relay.Connections));
    }

    [Fact]
    public async Task Open_ConnectionLostMidway_AsksForTheRestOfTheSameBlob()
    {
        var record = (await _site.CommitAsync(Module, ArtifactKind.Zip, Large)).Record;
        using var handler = new ScriptedHandler().BreakBody(IsZip, 300_000).BreakBody(IsZip, 100_000);
        var store = _site.OpenStore(_site.Options(), handler.Transport);

        Assert.Equal(Large, await StoreSite.ReadOrNullAsync(store, record, ArtifactKind.Zip));

        Assert.Equal(["", "bytes=300000-", "bytes=400000-"], handler.Seen.Select(call => RangeOf(call.Request)));
        Assert.Equal([0, 1, 1], handler.Seen.Select(call => call.Request.Headers.IfMatch.Count));
    }

    [Fact]
    public async Task Open_ConnectionLostAndTheBlobReplaced_DoesNotMixTheTwo()
    {
        var record = (await _site.CommitAsync(Module, ArtifactKind.Zip, Large)).Record;
        using var handler = new ScriptedHandler().BreakBody(IsZip, 300_000);
        await using var content = (await _site.OpenStore(_site.Options(), handler.Transport).OpenOrNullAsync(record, ArtifactKind.Zip, Cancel))!;
        await _site.ReplaceBytesAsync(record, ArtifactKind.Zip, StoreSite.Bytes(Large.Length, 2));

        var e = await Assert.ThrowsAsync<IOException>(() => content.CopyToAsync(Stream.Null, Cancel));

        Assert.Contains("300000 of", e.Message, StringComparison.Ordinal);
        Assert.Contains("412", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Open_ConnectionLostAgainAndAgain_EndsAfterFiveMore()
    {
        var record = (await _site.CommitAsync(Module, ArtifactKind.Zip, Large)).Record;
        using var handler = new ScriptedHandler();
        for (var n = 0; n < 6; n++)
            handler.BreakBody(IsZip, 10);

        var e = await Assert.ThrowsAsync<IOException>(
            () => StoreSite.ReadOrNullAsync(_site.OpenStore(_site.Options(), handler.Transport), record, ArtifactKind.Zip));

        Assert.EndsWith($"broke off after 60 of {Large.Length} bytes: the connection was reset", e.Message, StringComparison.Ordinal);
        Assert.Equal((0, 6), (handler.Left, handler.Seen.Count));
    }

    [Fact]
    public async Task Open_AnswerThatEndsEarly_IsNotTheWholeBlob()
    {
        var record = (await _site.CommitAsync(Module, ArtifactKind.Zip, Large)).Record;
        using var handler = new ScriptedHandler().BreakBody(IsZip, 300_000, quietly: true);

        var e = await Assert.ThrowsAsync<IOException>(
            () => StoreSite.ReadOrNullAsync(_site.OpenStore(_site.Options(), handler.Transport), record, ArtifactKind.Zip));

        Assert.Contains("300000 of", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Discard_BlobThatWasReplacedMeanwhile_IsLeftAlone()
    {
        var record = (await _site.CommitAsync(Module, ArtifactKind.Zip, [1])).Record;
        var store = (BlobStore)_site.Store;
        await using var content = (await store.OpenOrNullAsync(record, ArtifactKind.Zip, Cancel))!;
        await _site.ReplaceBytesAsync(record, ArtifactKind.Zip, [1]);

        await store.DiscardAsync(content.Blob, "a test", Cancel);
        Assert.NotNull(await _site.ReadOrNullAsync(Module, ArtifactKind.Zip));

        await using var again = (await store.OpenOrNullAsync(record, ArtifactKind.Zip, Cancel))!;
        await store.DiscardAsync(again.Blob, "a test", Cancel);
        Assert.Null(await _site.ReadOrNullAsync(Module, ArtifactKind.Zip));
    }

    [Fact]
    public async Task Find_NobodyListens_SaysSo()
    {
        _relay.StopListening();
        var options = _site.Options(AzuriteProcess.EndpointAt(_relay.Port));

        var e = await Assert.ThrowsAsync<StoreException>(async () => await _site.OpenStore(options).FindRecordOrNullAsync(Module, Cancel));

        Assert.Contains("did not answer", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(AzuriteProcess.Key, e.ToString(), StringComparison.Ordinal);
    }

    private static bool IsWrite(HttpRequestMessage request, string where) =>
        request.Method == HttpMethod.Put && request.RequestUri!.AbsoluteUri.Contains(where, StringComparison.Ordinal);

    private static string RangeOf(HttpRequestMessage request) =>
        request.Headers.TryGetValues("x-ms-range", out var range) ? Assert.Single(range) : "";

    private static bool IsZip(HttpRequestMessage request) =>
        request.Method == HttpMethod.Get && request.RequestUri!.AbsolutePath.EndsWith(".zip", StringComparison.Ordinal);

    private async Task AssertNothingVisibleAsync()
    {
        Assert.Null(await _site.Other.FindRecordOrNullAsync(Module, Cancel));
        await foreach (var record in _site.Other.ListAsync(Cancel))
            Assert.Fail($"{record.Module} is visible");
    }
}
