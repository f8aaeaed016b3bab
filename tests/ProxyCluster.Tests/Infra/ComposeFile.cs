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

    /// <summary>The profiles, each of which is a place for the cluster store.</summary>
    public static IReadOnlyList<string> Stores { get; } = ["etcd", "redis", "azure"];

    /// <summary>The services that run this product.</summary>
    public IEnumerable<ComposeService> Members => Services.Values.Where(service => service.TextOrNull("image") == "proxycluster");

    /// <summary>The variable that members get in a profile, and its value.</summary>
    public static KeyValuePair<string, string> StoreOf(string profile)
    {
        var line = File.ReadLines(Path.Combine(Repository.Root, "infra", "docker", "stores", profile + ".env"))
            .Single(static line => !line.StartsWith('#')).Split('=', 2);
        return new(line[0], line[1]);
    }

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
