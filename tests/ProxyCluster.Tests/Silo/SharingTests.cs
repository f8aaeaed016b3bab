using System.Net;
using ProxyCluster.TestKit.Upstreams;
using ProxyCluster.Verification;

namespace ProxyCluster.Tests.Silo;

/// <summary>What a cold request costs upstream: one fetch of what was asked for, however many ask and whoever leaves.</summary>
public class SharingTests
{
    private const int Clients = 500;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("/example.com/lib/@v/v1.2.0.mod")]
    [InlineData("/example.com/large/@v/v1.0.0.zip")]
    [InlineData("/example.com/lib/@v/list")]
    public async Task Get_ByFiveHundredAtOnce_CostsOneFetch(string path)
    {
        await using var silo = await FilledSilo.StartAsync();

        // Nobody is answered before everybody has asked.
        var everybodyAsked = new TaskCompletionSource();
        silo.Upstream.Faults.Always(path, Fault.Until(everybodyAsked.Task));
        var asked = silo.Upstream.Requested(path);
        var answers = Enumerable.Range(0, Clients).Select(_ => silo.Http.GetAsync(new Uri(path, UriKind.Relative), Cancellation)).ToList();
        await asked.WaitAsync(Patience, Cancellation);
        await silo.ActiveRequests(Clients).WaitAsync(Patience, Cancellation);
        everybodyAsked.SetResult();

        var bodies = new HashSet<string>();
        foreach (var answer in answers)
        {
            using var response = await answer.WaitAsync(Patience, Cancellation);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            bodies.Add(Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(await response.Content.ReadAsByteArrayAsync(Cancellation))));
        }

        Assert.Single(bodies);
        Assert.Equal(1, silo.Upstream.TotalRequests);
    }

    [Fact]
    public async Task Get_WhoseClientLeaves_IsFetchedForTheOthersAllTheSame()
    {
        await using var silo = await FilledSilo.StartAsync();
        var path = FilledSilo.Large.Stem + ".zip";
        var mayAnswer = new TaskCompletionSource();
        silo.Upstream.Faults.Always(path, Fault.Until(mayAnswer.Task));

        // The first one, whose request began the fetch, leaves; so do some who joined it.
        using var first = await RawConnection.OpenAsync(silo.Address);
        await first.SendAsync(RawConnection.Head("GET", path));
        await silo.Upstream.Requested(path).WaitAsync(Patience, Cancellation);
        var leavers = new List<RawConnection>();
        for (var i = 0; i < 5; i++)
        {
            leavers.Add(await RawConnection.OpenAsync(silo.Address));
            await leavers[i].SendAsync(RawConnection.Head("GET", path));
        }

        var stayer = silo.GetAsync(path);
        await silo.ActiveRequests(7).WaitAsync(Patience, Cancellation);
        first.Reset();
        leavers.ForEach(leaver => leaver.Reset());
        await silo.ActiveRequests(1).WaitAsync(Patience, Cancellation);

        mayAnswer.SetResult();
        Assert.Equal(FilledSilo.Large.Zip, (await stayer.WaitAsync(Patience, Cancellation)).Body);
        Assert.Equal(1, silo.Upstream.TotalRequests);
        silo.Log.AssertNoExceptions();
    }

    [Fact]
    public async Task Get_WhoseOnlyClientLeaves_IsStoredForTheNext()
    {
        await using var silo = await FilledSilo.StartAsync();
        var path = FilledSilo.Large.Stem + ".zip";
        var mayAnswer = new TaskCompletionSource();
        silo.Upstream.Faults.Always(path, Fault.Until(mayAnswer.Task));
        using (var client = await RawConnection.OpenAsync(silo.Address))
        {
            await client.SendAsync(RawConnection.Head("GET", path));
            await silo.Upstream.Requested(path).WaitAsync(Patience, Cancellation);
            client.Reset();
        }

        await silo.ActiveRequests(0).WaitAsync(Patience, Cancellation);
        var next = silo.GetAsync(path);
        await silo.ActiveRequests(1).WaitAsync(Patience, Cancellation);
        mayAnswer.SetResult();
        Assert.Equal(FilledSilo.Large.Zip, (await next.WaitAsync(Patience, Cancellation)).Body);
        Assert.Equal(1, silo.Upstream.TotalRequests);
    }

    [Fact]
    public async Task Get_WhoseClientLeavesInTheBody_DisturbsNobody()
    {
        await using var silo = await FilledSilo.StartAsync();
        var path = FilledSilo.Large.Stem + ".zip";
        for (var i = 0; i < 20; i++)
        {
            using var leaver = await RawConnection.OpenAsync(silo.Address, receiveBuffer: 4096);
            await leaver.SendAsync(RawConnection.Head("GET", path));
            Assert.Equal(200, (await leaver.ReadHeadAsync()).Status);
            Assert.Equal(100, (await leaver.ReadBytesAsync(100)).Length);
            leaver.Reset();
        }

        await silo.ActiveRequests(0).WaitAsync(Patience, Cancellation);
        Assert.Equal(FilledSilo.Large.Zip, (await silo.GetAsync(path)).Body);
        silo.Log.AssertNoExceptions();
    }

    [Fact]
    public async Task Get_OfTheMod_NeverAsksForTheZip()
    {
        await using var silo = await FilledSilo.StartAsync();
        Assert.Equal(FilledSilo.Lib.GoMod, (await silo.GetAsync(FilledSilo.Lib.Stem + ".mod")).Body);
        Assert.Equal([FilledSilo.Lib.Stem + ".mod"], silo.Upstream.Calls.Select(call => call.Path));

        // Proven all the same, and the zip's hash is known before the zip is.
        var record = silo.RecordOf(FilledSilo.Lib)!;
        Assert.Equal((FilledSilo.Lib.GoModH1, FilledSilo.Lib.ZipH1), (record.GoModH1, record.ZipH1));
        Assert.Equal((VerificationKind.ChecksumDatabase, "sumdb.test/go"), (record.VerifiedBy!.Kind, record.VerifiedBy.Authority));
        Assert.Null(record.Zip);
    }

    [Fact]
    public async Task Get_InGosOrder_AsksForEachOnceAndForOneProof()
    {
        await using var silo = await FilledSilo.StartAsync();
        foreach (var ending in (string[])[".info", ".mod", ".zip", ".info", ".mod", ".zip"])
            Assert.Equal(200, (await silo.GetAsync(FilledSilo.Lib.Stem + ending)).Status);
        Assert.Equal(
            new[] { ".info", ".mod", ".zip" }.Select(ending => FilledSilo.Lib.Stem + ending),
            silo.Upstream.Calls.Select(call => call.Path));
        Assert.Single(silo.Database.Paths, path => path.StartsWith("lookup/", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Get_OfTheInfo_AsksNoChecksumDatabase()
    {
        await using var silo = await FilledSilo.StartAsync();
        Assert.Equal(200, (await silo.GetAsync(FilledSilo.Lib.Stem + ".info")).Status);
        Assert.Empty(silo.Database.Paths);
    }

    [Theory]
    [InlineData("Verification:NoSumDb", "example.com/*", "example.com/*")]
    [InlineData("Verification:Private", "example.com", "example.com")]
    [InlineData("Verification:SumDb", "off", "GOSUMDB=off")]
    public async Task Get_UnderANoSumPattern_IsPinnedByItsFirstFetchAndTheRecordSaysSo(string key, string value, string authority)
    {
        await using var silo = await FilledSilo.StartAsync((key, value));
        Assert.Equal(200, (await silo.GetAsync(FilledSilo.Lib.Stem + ".zip")).Status);
        Assert.Empty(silo.Database.Paths);
        var record = silo.RecordOf(FilledSilo.Lib)!;
        Assert.Equal((VerificationKind.NoSumPattern, authority), (record.VerifiedBy!.Kind, record.VerifiedBy.Authority));
        Assert.Equal(FilledSilo.Lib.ZipH1, record.ZipH1);

        // The tag moved: the bytes are lost, and what comes instead is refused.
        await silo.StopAsync();
        File.Delete($"{silo.Data}/modules{FilledSilo.Lib.Stem}.zip");
        await silo.StartAgainAsync();
        silo.Upstream.Put(FilledSilo.Lib.Stem + ".zip", SiloModule.Pack("example.com/lib", "v1.2.0", 100).Zip);
        var moved = await silo.GetAsync(FilledSilo.Lib.Stem + ".zip");
        Assert.Equal((502, "checksum-mismatch"), (moved.Status, moved["X-ProxyCluster-Cause"]));
        silo.Upstream.Put(FilledSilo.Lib.Stem + ".zip", FilledSilo.Lib.Zip);
        Assert.Equal(FilledSilo.Lib.Zip, (await silo.GetAsync(FilledSilo.Lib.Stem + ".zip")).Body);
    }

    [Fact]
    public async Task Lookup_OfAPrivateModuleThroughTheMirror_IsRefusedAndNotPassedOn()
    {
        await using var silo = await FilledSilo.StartAsync(("Verification:Private", "example.org"));
        var answer = await silo.GetAsync("/sumdb/sumdb.test/go/lookup/example.org/!mod@v1.5.0");
        Assert.Equal((403, "blocked"), (answer.Status, answer["X-ProxyCluster-Cause"]));
        Assert.Empty(silo.Database.Paths);
    }
}
