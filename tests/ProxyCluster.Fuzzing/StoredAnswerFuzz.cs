using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using ProxyCluster.GoModules.Names;
using ProxyCluster.GoModules.Protocol;
using ProxyCluster.Queries;
using ProxyCluster.Storage;

namespace ProxyCluster.Fuzzing;

/// <summary>A stored answer that is believed has the form in which it is written.</summary>
internal sealed class StoredAnswerFuzz : FuzzTarget
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly string _data = Directory.CreateTempSubdirectory("proxycluster-fuzz-").FullName;
    private readonly QueryDisk _disk;
    private readonly (Query Query, string File)[] _answers;

    public StoredAnswerFuzz()
    {
        var tree = new DataTree(_data);
        tree.Prepare();
        var storage = Options.Create(new StorageOptions());
        var quarantine = new Quarantine(tree, storage, TimeProvider.System, NullLogger<Quarantine>.Instance);
        _disk = new QueryDisk(tree, new BesideFiles(tree, quarantine), Options.Create(new QueryOptions()), storage, NullLogger<QueryDisk>.Instance);

        var path = ModulePath.Parse("example.com/m");
        _answers = [.. ((Query[])[new(path, QueryKind.List), new(path, QueryKind.Latest)])
            .Select(query => (query, tree.QueryPath(path, query.Name[(query.Name.LastIndexOf('/') + 1)..])))];
        _disk.Write(_answers[0].Query, new QueryAnswer("v1.0.0\nv1.1.0\n"u8.ToArray(), Noon, "http://up", "\"tag\"", Noon)
        {
            Bridged = new Dictionary<string, DateTimeOffset> { ["v1.2.0"] = Noon },
        });
        _disk.Write(_answers[1].Query, new QueryAnswer("{\"Version\":\"v1.0.0\"}"u8.ToArray(), Noon, "http://up", null, null));
        Sound = [.. _answers.Select(static answer => File.ReadAllBytes(answer.File))];
    }

    public override IReadOnlyList<byte[]> Sound { get; }

    public override bool Holds(byte[] bytes)
    {
        foreach (var (query, file) in _answers)
        {
            File.WriteAllBytes(file, bytes);
            if (_disk.ReadOrNull(query) is { } answer && (!QueryView.IsKept(query, answer) || query.FaultOrNull(answer.Body) is not null))
                return false;
        }

        return true;
    }

    public override void Dispose()
    {
        _disk.Dispose();
        Directory.Delete(_data, recursive: true);
        base.Dispose();
    }
}
