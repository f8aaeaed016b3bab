using System.Globalization;
using System.Text;
using ProxyCluster.GoModules.ChecksumDatabase;
using ProxyCluster.GoModules.Names;
using ProxyCluster.GoModules.Tests.Notes;

namespace ProxyCluster.GoModules.Tests.ChecksumDatabase;

/// <summary>A client before a database that the test may make lie, with its cache at hand.</summary>
public abstract class ClientTests : IDisposable
{
    private protected readonly InMemoryChecksumDatabase _database = new(NoteVectors.LocalhostSigner);
    private protected readonly MemoryChecksumDatabaseCache _cache = new();
    private protected readonly List<HealedHead> _healed = [];
    private protected readonly HostileRemote _remote;
    private protected ChecksumDatabaseClient _client;

    protected ClientTests()
    {
        _remote = new HostileRemote(_database);
        _client = Client();
    }

    private protected static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _client.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected ChecksumDatabaseClient Client() => new(_database.Key, _remote, _cache, _healed.Add);

    private protected void Restart()
    {
        _client.Dispose();
        _client = Client();
    }

    private protected async Task<ChecksumLookup> Found(ModuleVersion module)
    {
        Assert.True((await _client.LookupAsync(module, Token)).TryGet(out var lookup, out var failure), failure?.ToString());
        return lookup;
    }

    private protected async Task<ChecksumFailure> Failed(ModuleVersion module)
    {
        Assert.False((await _client.LookupAsync(module, Token)).TryGet(out _, out var failure));
        return failure;
    }

    private protected async Task<long> HeadSize()
    {
        Assert.True((await _client.KnownHeadAsync(Token)).TryGet(out var head, out _));
        return head.Tree.Size;
    }

    private protected static InMemoryChecksumDatabase KnownDatabase(params string[] extra)
    {
        InMemoryChecksumDatabase database = new(NoteVectors.LocalhostSigner);
        foreach (var record in NoteVectors.Root["test_sumdb"]!["records"]!.AsArray().Select(node => node!.GetValue<string>()).Concat(extra))
        {
            var words = record.Split(' ');
            database.Append(Parse(words[0], words[1]), record);
        }

        return database;
    }

    private protected static void Fill(InMemoryChecksumDatabase database, int size)
    {
        for (var i = 0; i < size; i++)
            database.Append(Module(i), Record(i));
    }

    private protected static string Record(int i) =>
        $"{Module(i).Path} {Module(i).Version} {H1(i, "zip")}\n{Module(i).Path} {Module(i).Version}/go.mod {H1(i, "mod")}\n";

    private protected static RemoteRead Lookup(long id, string record, string note) =>
        RemoteRead.Found(new LookupResponse(id, record, note).ToBytes());

    private protected static ModuleVersion Module(int i) => Parse("example.org/Mod", string.Create(CultureInfo.InvariantCulture, $"v1.{i}.0-RC1"));

    private protected static string LookupPath(int i) => string.Create(CultureInfo.InvariantCulture, $"lookup/example.org/!mod@v1.{i}.0-!r!c1");

    private protected static string H1(int i, string of) =>
        "h1:" + Digest.Of(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{of} {i}"))).ToBase64();

    private protected static ModuleVersion Parse(string path, string version) =>
        ModuleVersion.TryParse(path, version, out var module, out var error) ? module : throw new ArgumentException(error);
}
