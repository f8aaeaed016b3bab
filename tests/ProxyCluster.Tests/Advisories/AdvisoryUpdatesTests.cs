using System.IO.Compression;
using ProxyCluster.GoModules.Names;
using ProxyCluster.TestKit.Processes;
using ProxyCluster.TestKit.Upstreams;

namespace ProxyCluster.Tests.Advisories;

public sealed class AdvisoryUpdatesTests : IAsyncDisposable
{
    private static readonly ModuleVersion Old = new(ModulePath.Parse("example.com/m"), "v1.0.0");

    private readonly AdvisorySite _site = new();

    [Fact]
    public async Task Look_NewDatabase_IsInForceWithAnotherVersion()
    {
        _site.Put("GO-1", "example.com/m", "1.5.0");
        await _site.StartAsync();
        var before = _site.Book.Version;
        Assert.Empty(_site.Book.Find(Old));

        await LookAsync();

        var match = Assert.Single(_site.Book.Find(Old));
        Assert.Equal(("GO-1", "v1.5.0"), (match.Id, match.FirstFixed));
        Assert.NotEqual(before, _site.Book.Version);
        Assert.True(_site.Book.Concerns(Old.Path));
        Assert.Empty(_site.Book.Find(new ModuleVersion(Old.Path, "v1.5.0")));
    }

    [Fact]
    public async Task Look_NothingNew_CostsOneRequestAndChangesNothing()
    {
        _site.Put("GO-1", "example.com/m", "1.5.0");
        await _site.StartAsync();
        await LookAsync();
        var (requests, version) = (_site.Server.TotalRequests, _site.Book.Version);

        await LookAsync();

        Assert.Equal((requests + 1, version), (_site.Server.TotalRequests, _site.Book.Version));
        Assert.NotNull(_site.Server.Calls.Last().Header("If-None-Match"));
    }

    [Fact]
    public async Task Look_OneRecordChanged_FetchesThatOneOnly()
    {
        for (var i = 1; i <= 20; i++)
            _site.Put($"GO-{i}", $"example.com/m{i}", "1.5.0");
        await _site.StartAsync();
        await LookAsync();
        var before = _site.Server.TotalRequests;
        _site.Put("GO-7", "example.com/m", "1.2.0", "2025-02-01T00:00:00Z");
        _site.Remove("GO-8");

        await LookAsync();

        Assert.Equal(["/index/db.json", "/index/vulns.json", "/ID/GO-7.json"], _site.Server.Calls.Skip(before).Select(static call => call.Path));
        Assert.Equal("v1.2.0", Assert.Single(_site.Book.Find(Old)).FirstFixed);
        Assert.Equal((19, false, false), (_site.Book.Current.Count, _site.Book.Current.Concerns("example.com/m7"), _site.Book.Current.Concerns("example.com/m8")));
    }

    [Fact]
    public async Task Look_BrokenRecord_LeavesOutThatOne()
    {
        _site.Put("GO-1", "example.com/m", "1.5.0");
        _site.PutText("GO-2", "{ this is no JSON");
        await _site.StartAsync();
        await LookAsync();
        Assert.Equal(1, _site.Book.Current.Count);
        Assert.Single(_site.Book.Find(Old));
    }

    [Fact]
    public async Task Look_RecordThatCannotBeHad_KeepsTheEarlierAndIsAskedForAgain()
    {
        _site.Put("GO-1", "example.com/m", "1.5.0");
        _site.Put("GO-2", "example.com/n", "1.5.0");
        await _site.StartAsync();
        await LookAsync();
        _site.Put("GO-1", "example.com/m", "1.6.0", "2025-02-01T00:00:00Z");
        _site.Put("GO-2", "example.com/n", "1.6.0", "2025-02-01T00:00:00Z");
        _site.Server.Faults.Always("/ID/GO-1.json", Fault.Status(500));

        await LookAsync();
        Assert.Equal("v1.5.0", Assert.Single(_site.Book.Find(Old)).FirstFixed);
        Assert.EndsWith("; some records could not be had", _site.Updates.Describe(), StringComparison.Ordinal);

        _site.Server.Faults.Clear();
        await LookAsync();
        Assert.Equal("v1.6.0", Assert.Single(_site.Book.Find(Old)).FirstFixed);
    }

    [Fact]
    public async Task Look_ConnectionsThatAreLost_AreMadeAgain()
    {
        _site.Put("GO-1", "example.com/m", "1.5.0");
        _site.Server.Faults.Next("/ID/GO-1.json", Fault.ResetAtOnce, Fault.TruncateAfter(20));
        await _site.StartAsync();
        await LookAsync();
        Assert.Single(_site.Book.Find(Old));
    }

    [Fact]
    public async Task Start_WithoutTheDatabase_HasInForceWhatWasAndSaysHowOld()
    {
        _site.Put("GO-1", "example.com/m", "1.5.0");
        await _site.StartAsync();
        await LookAsync();
        _site.Server.StopListening();

        await _site.StartAsync();
        await _site.Updates.StartAsync(TestContext.Current.CancellationToken);
        var found = _site.Book.Find(Old);
        await _site.Updates.StopAsync(TestContext.Current.CancellationToken);

        Assert.Single(found);
        await LookAsync();
        Assert.Single(_site.Book.Find(Old));
        Assert.Matches(@"^1, the newest of 2025-01-01; no look for newer ones has succeeded since the start; 127\.0\.0\.1 could not be reached", _site.Updates.Describe());
    }

    [Fact]
    public async Task Describe_Outage_SaysWhenTheLastLookSucceeded()
    {
        _site.Put("GO-1", "example.com/m", "1.5.0");
        await _site.StartAsync();
        await LookAsync();
        _site.Clock.Advance(TimeSpan.FromHours(5));
        _site.Server.Faults.Always("/index/db.json", Fault.Status(503));
        await LookAsync();
        Assert.Matches("looked for newer ones 5 hours ago; .* answered 503", _site.Updates.Describe());
        Assert.Single(_site.Book.Find(Old));
    }

    [Theory]
    [InlineData("/index/vulns.json", "[]")]
    [InlineData("/index/vulns.json", "<html>")]
    [InlineData("/index/db.json", "[]")]
    [InlineData("/index/vulns.json", """[{"id":"../x","modified":"2025-01-01T00:00:00Z"},null]""")]
    public async Task Look_DatabaseThatHasLostItsRecords_ChangesNothing(string path, string body)
    {
        _site.Put("GO-1", "example.com/m", "1.5.0");
        await _site.StartAsync();
        await LookAsync();
        _site.Put("GO-2", "example.com/m", "1.5.0", "2025-02-01T00:00:00Z");
        _site.Server.Put(path, body);

        await LookAsync();

        Assert.Equal("GO-1", Assert.Single(_site.Book.Find(Old)).Id);
        Assert.Equal(1, _site.Book.Current.Count);
    }

    [Theory]
    [InlineData("Advisories:MaxRecords", "1")]
    [InlineData("Advisories:MaxBytes", "1KiB")]
    public async Task Look_MoreThanMayBe_TakesNone(string key, string value)
    {
        for (var i = 1; i <= 20; i++)
            _site.Put($"GO-{i}", "example.com/m", "1.5.0");
        await _site.StartAsync(null, (key, value));
        await LookAsync();
        Assert.Equal(0, _site.Book.Current.Count);
        Assert.Contains("there are more than", _site.Updates.Describe(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("vulndb/ID/")]
    [InlineData("ID/")]
    [InlineData("")]
    public async Task Look_DirectoryOrZip_IsReadAndReadAgainWhenItChanges(string below)
    {
        using var scratch = new ScratchDirectory();
        foreach (var name in (string[])["tree.zip", "tree"])
        {
            Write("1.5.0");
            await _site.StartAsync(scratch[name]);
            await LookAsync();
            Assert.Equal((1, "v1.5.0"), (_site.Book.Current.Count, Assert.Single(_site.Book.Find(Old)).FirstFixed));
            var version = _site.Book.Version;
            await LookAsync();
            Assert.Equal(version, _site.Book.Version);

            Write("1.50.0");
            await LookAsync();
            Assert.Equal("v1.50.0", Assert.Single(_site.Book.Find(Old)).FirstFixed);
        }

        void Write(string fixedIn)
        {
            var directory = Directory.CreateDirectory(Path.Combine(scratch["tree"], below)).FullName;
            Directory.CreateDirectory(Path.Combine(scratch["tree"], "index"));
            File.WriteAllText(Path.Combine(scratch["tree"], "index", "db.json"), "{}");
            File.WriteAllText(Path.Combine(directory, "GO-1.json"),
                $$"""{"id":"GO-1","affected":[{"package":{"name":"example.com/m"},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"{{fixedIn}}"}]}]}]}""");
            File.Delete(scratch["tree.zip"]);
            ZipFile.CreateFromDirectory(scratch["tree"], scratch["tree.zip"]);
        }
    }

    [Fact]
    public async Task Look_ZipBehindAnAddress_IsAskedForByItsTag()
    {
        using var zip = new MemoryStream();
        using (var archive = new ZipArchive(zip, ZipArchiveMode.Create, leaveOpen: true))
        using (var entry = archive.CreateEntry("ID/GO-1.json").Open())
            entry.Write("""{"id":"GO-1","affected":[{"package":{"name":"example.com/m"}}]}"""u8);
        _site.Server.Put("/files/vulndb.zip", zip.ToArray(), "\"one\"");
        await _site.StartAsync(_site.Server.Url + "/files/vulndb.zip");
        await LookAsync();
        Assert.Single(_site.Book.Find(Old));
        var version = _site.Book.Version;

        await LookAsync();

        Assert.Equal((2, version), (_site.Server.TotalRequests, _site.Book.Version));
        Assert.Equal("\"one\"", _site.Server.Calls.Last().Header("If-None-Match"));
    }

    public ValueTask DisposeAsync() => _site.DisposeAsync();

    private Task LookAsync() => _site.Updates.LookAsync(TestContext.Current.CancellationToken);
}
