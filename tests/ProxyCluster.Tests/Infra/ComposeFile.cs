using ProxyCluster.TestKit.Processes;
using YamlDotNet.Core;
using YamlDotNet.Serialization;

namespace ProxyCluster.Tests.Infra;

/// <summary><c>docker-compose.yml</c> with anchors and merges resolved: maps, lists and texts.</summary>
internal sealed class ComposeFile
{
    private static readonly Lazy<ComposeFile> Loaded = new(() => new ComposeFile(ReadMap("docker-compose.yml")));

    private ComposeFile(IReadOnlyDictionary<string, object?> root)
    {
        Root = root;
        Services = Map(root["services"]).ToDictionary(service => service.Key, service => new ComposeService(service.Key, Map(service.Value)));
    }

    public static ComposeFile Instance => Loaded.Value;

    public IReadOnlyDictionary<string, object?> Root { get; }

    public IReadOnlyDictionary<string, ComposeService> Services { get; }

    /// <summary>The services that run this product on Orleans.</summary>
    public IEnumerable<ComposeService> OrleansMembers =>
        Services.Values.Where(service => service.TextOrNull("image") == "proxycluster-orleans");

    /// <summary>The services that run this product on etcd.</summary>
    public IEnumerable<ComposeService> Members => Services.Values.Where(service => service.TextOrNull("image") == "proxycluster");

    /// <summary>Names declared at the top, such as those of volumes.</summary>
    public IEnumerable<string> Declared(string section) => Root.TryGetValue(section, out var value) ? Map(value).Keys : [];

    /// <summary>Any YAML file of the repository that is one map.</summary>
    public static IReadOnlyDictionary<string, object?> ReadMap(string path)
    {
        using var reader = File.OpenText(Path.Combine(Repository.Root, path));
        return Map(new DeserializerBuilder().Build().Deserialize<object>(new MergingParser(new Parser(reader))));
    }

    public static IReadOnlyDictionary<string, object?> Map(object? node) =>
        Assert.IsAssignableFrom<IDictionary<object, object?>>(node).ToDictionary(entry => (string)entry.Key, entry => entry.Value);

    public static IReadOnlyList<object?> List(object? node) => [.. Assert.IsAssignableFrom<IList<object?>>(node)];

    public static IReadOnlyList<string> Texts(object? node) => [.. List(node).Select(item => Assert.IsType<string>(item))];
}
