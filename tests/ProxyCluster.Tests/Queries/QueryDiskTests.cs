using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using ProxyCluster.GoModules.Names;
using ProxyCluster.GoModules.Protocol;
using ProxyCluster.Queries;
using ProxyCluster.Storage;
using ProxyCluster.TestKit.Processes;

namespace ProxyCluster.Tests.Queries;

public sealed class QueryDiskTests : IDisposable
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly ScratchDirectory _data = new();
    private readonly DataTree _tree;

    public QueryDiskTests()
    {
        _tree = new DataTree(_data.Path);
        _tree.Prepare();
    }

    [Fact]
    public async Task Read_WhatWasWritten_GivesItBack()
    {
        await using var disk = Open();
        foreach (var query in (Query[])[Of(QueryKind.List), Of(QueryKind.Latest), Of(QueryKind.Revision, "feature/x")])
        {
            var answer = Answer(query) with { ETag = "\"tag\"", LastModified = Noon };
            disk.Write(query, answer);
            var read = disk.ReadOrNull(query);
            Assert.Equal(
                (Convert.ToHexString(answer.Body), answer.AskedAt, answer.Upstream, answer.ETag, answer.LastModified),
                (Convert.ToHexString(read!.Body), read.AskedAt, read.Upstream, read.ETag, read.LastModified));
        }
    }

    [Fact]
    public async Task Read_ListWithWhatIsBridged_GivesThatBackToo()
    {
        await using var disk = Open();
        var query = Of(QueryKind.List);
        disk.Write(query, Answer(query) with { Bridged = new Dictionary<string, DateTimeOffset> { ["v1.1.0"] = Noon } });
        Assert.Equal([KeyValuePair.Create("v1.1.0", Noon)], disk.ReadOrNull(query)!.Bridged!);
    }

    [Fact]
    public async Task Read_AfterRemoval_IsAbsentAndSoIsTheDirectory()
    {
        await using var disk = Open();
        var query = Of(QueryKind.List);
        disk.Remove(query);
        disk.Write(query, Answer(query));
        disk.Remove(query);
        Assert.Null(disk.ReadOrNull(query));
        Assert.Empty(Directory.GetFileSystemEntries(_tree.Queries));
    }

    [Theory]
    [InlineData("Latest", "not JSON at all")]
    [InlineData("Latest", "{\"Version\":\"1.0.0\"}")]
    [InlineData("Latest", "{\"Version\":\"v2.0.0\"}")] // of another major version than the path's
    [InlineData("Latest", "v1.0.0\n")]
    [InlineData("Revision", "")]
    [InlineData("List", "{\"Version\":\"v1.0.0\"}")]
    [InlineData("List", "v1.1.0\nv1.0.0\n")] // upstream may send it so; we would not write it
    [InlineData("List", "v1.0.0\nv1.1")]
    public async Task Read_BodyThatCannotBeTheAnswer_IsAbsent(string kind, string body)
    {
        await using var disk = Open();
        var query = Of(Enum.Parse<QueryKind>(kind), kind == "Revision" ? "main" : "");
        disk.Write(query, Answer(query));
        Assert.NotNull(disk.ReadOrNull(query));
        Damage(query, stored => stored["Body"] = Convert.ToBase64String(Encoding.UTF8.GetBytes(body)));
        Assert.Null(disk.ReadOrNull(query));
    }

    [Theory]
    [InlineData("Body")]
    [InlineData("AskedAt")]
    [InlineData("Upstream")]
    public async Task Read_WithoutAFieldOrWithNull_IsAbsent(string field)
    {
        await using var disk = Open();
        var query = Of(QueryKind.List);
        disk.Write(query, Answer(query));
        Damage(query, stored => stored[field] = null);
        Assert.Null(disk.ReadOrNull(query));
        Damage(query, stored => stored.Remove(field));
        Assert.Null(disk.ReadOrNull(query));
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("{\"Body\":\"djE")]
    public async Task Read_TornFile_IsAbsent(string content)
    {
        await using var disk = Open();
        var query = Of(QueryKind.List);
        disk.Write(query, Answer(query));
        File.WriteAllText(PathOf(query), content);
        Assert.Null(disk.ReadOrNull(query));
    }

    // Upstreams may send such tags; no request may carry one back, and asking again would fail for ever.
    [Theory]
    [InlineData("\"a\u001b\"")]
    [InlineData("\"a\r\nX-Region: paris\"")]
    [InlineData("\"é\"")]
    public async Task Read_TagThatNoRequestMayCarry_IsAbsent(string tag)
    {
        await using var disk = Open();
        var query = Of(QueryKind.List);
        disk.Write(query, Answer(query) with { ETag = "W/\"sound\"" });
        Assert.NotNull(disk.ReadOrNull(query));
        Damage(query, stored => stored["ETag"] = tag);
        Assert.Null(disk.ReadOrNull(query));
    }

    [Fact]
    public async Task Read_PipeInItsPlace_IsAbsentWithoutAWait()
    {
        await using var disk = Open();
        var query = Of(QueryKind.List);
        disk.Write(query, Answer(query));
        await Pipe.ReplaceAsync(PathOf(query));
        Assert.Null(await Pipe.ReadAsync(PathOf(query), () => disk.ReadOrNull(query)));
    }

    [Fact]
    public async Task Revisions_BeyondTheirNumber_TheLongestUnusedGoWithTheirDirectories()
    {
        await using var disk = Open(new QueryOptions { MaxStoredRevisions = 20 });
        var queries = Enumerable.Range(0, 200).Select(i => new Query(ModulePath.Parse($"example.com/a{i}"), QueryKind.Revision, "main")).ToList();
        foreach (var (i, query) in queries.Index())
        {
            disk.Write(query, Answer(query));
            await disk.Trimmed;
            File.SetLastWriteTimeUtc(PathOf(query), Noon.UtcDateTime.AddMinutes(i));
            Assert.InRange(Files().Count, 1, 22);
        }

        // The last in the order of use, without a gap.
        var left = queries.Where(query => disk.ReadOrNull(query) is not null).ToList();
        Assert.Equal(queries.TakeLast(left.Count), left);
        Assert.Equal(left.Count, Directory.GetDirectories(Path.Combine(_tree.Queries, "example.com")).Length);
    }

    [Theory]
    [InlineData(QueryKind.Revision, 0.25)]
    [InlineData(QueryKind.List, 0.75)]
    public async Task Answers_BeyondTheirBytes_TheLongestUnusedGo(QueryKind kind, double share)
    {
        await using var disk = Open(new QueryOptions { MaxStoredBytes = 1 << 20 });
        for (var i = 0; i < 400; i++)
        {
            var query = new Query(ModulePath.Parse($"example.com/a{i}"), kind, kind == QueryKind.Revision ? "main" : "");
            disk.Write(query, Answer(query));
            await disk.Trimmed;
        }

        // A block each, and a tenth more between two looks.
        var most = (1 << 20) * share / 4096;
        Assert.InRange(Files().Count, most / 2, most * 1.1 + 2);
    }

    [Fact]
    public async Task Revision_RefreshedAllTheTime_Stays()
    {
        await using var disk = Open(new QueryOptions { MaxStoredRevisions = 20 });
        var used = Of(QueryKind.Revision, "main");
        for (var i = 0; i < 200; i++)
        {
            var query = Of(QueryKind.Revision, $"other{i}");
            disk.Write(used, Answer(used));
            File.SetLastWriteTimeUtc(PathOf(used), Noon.UtcDateTime.AddMinutes(i));
            disk.Write(query, Answer(query));
            await disk.Trimmed;
            File.SetLastWriteTimeUtc(PathOf(query), Noon.UtcDateTime.AddMinutes(i));
        }

        Assert.NotNull(disk.ReadOrNull(used));
    }

    [Fact]
    public async Task Lists_AreBoundedByThemselves_AndRevisionsPushNoneOut()
    {
        await using var disk = Open(new QueryOptions { MaxStoredRevisions = 10, MaxStored = 20 });
        var lists = Enumerable.Range(0, 20).Select(i => new Query(ModulePath.Parse($"example.com/a{i}"), QueryKind.List)).ToList();
        foreach (var list in lists)
            disk.Write(list, Answer(list));
        for (var i = 0; i < 100; i++)
        {
            var query = Of(QueryKind.Revision, $"rev{i}");
            disk.Write(query, Answer(query));
            await disk.Trimmed;
        }

        Assert.All(lists, list => Assert.NotNull(disk.ReadOrNull(list)));

        for (var i = 0; i < 100; i++)
        {
            var query = new Query(ModulePath.Parse($"example.com/b{i}"), QueryKind.Latest);
            disk.Write(query, Answer(query));
            await disk.Trimmed;
            Assert.InRange(Files().Count(static file => !file.EndsWith(".info", StringComparison.Ordinal)), 1, 22);
        }
    }

    [Fact]
    public async Task Revisions_OfEarlierStarts_AreBoundedWithTheFirstNewOne()
    {
        // As many a start as no look is worth by themselves.
        for (var start = 0; start < 30; start++)
        {
            await using var disk = Open(new QueryOptions { MaxStoredRevisions = 100 });
            for (var i = 0; i < 10; i++)
            {
                var query = Of(QueryKind.Revision, $"rev{start}-{i}");
                disk.Write(query, Answer(query));
                await disk.Trimmed;
            }
        }

        Assert.InRange(Files().Count, 100, 110);
    }

    public void Dispose() => _data.Dispose();

    private QueryDisk Open(QueryOptions? options = null)
    {
        var storage = Options.Create(new StorageOptions());
        var quarantine = new Quarantine(_tree, storage, TimeProvider.System, NullLogger<Quarantine>.Instance);
        return new(_tree, new BesideFiles(_tree, quarantine), Options.Create(options ?? new QueryOptions()), storage, NullLogger<QueryDisk>.Instance);
    }

    private List<string> Files() => [.. Directory.EnumerateFiles(_tree.Queries, "*", SearchOption.AllDirectories)];

    private string PathOf(Query query) => _tree.QueryPath(query.Path, query.Name[(query.Name.LastIndexOf('/') + 1)..]);

    private void Damage(Query query, Action<JsonObject> damage)
    {
        var stored = JsonNode.Parse(File.ReadAllText(PathOf(query)))!.AsObject();
        damage(stored);
        File.WriteAllText(PathOf(query), stored.ToJsonString());
    }

    private static Query Of(QueryKind kind, string revision = "") => new(ModulePath.Parse("example.com/m"), kind, revision);

    private static QueryAnswer Answer(Query query) =>
        new(Encoding.UTF8.GetBytes(query.Kind == QueryKind.List ? "v1.0.0\n" : "{\"Version\":\"v1.0.0\"}"), Noon, "test", null, null);
}
