namespace ProxyCluster.Tests.Infra;

/// <summary>One service of the compose file.</summary>
internal sealed record ComposeService(string Name, IReadOnlyDictionary<string, object?> Node)
{
    public IReadOnlyList<string> Command => Node.TryGetValue("command", out var command) ? ComposeFile.Texts(command) : [];

    public IReadOnlyDictionary<string, string> Environment => Node.TryGetValue("environment", out var environment)
        ? ComposeFile.Map(environment).ToDictionary(variable => variable.Key, variable => Assert.IsType<string>(variable.Value))
        : new Dictionary<string, string>();

    /// <summary>The profile that it runs in; null for every one.</summary>
    public string? Profile => Node.TryGetValue("profiles", out var profiles) ? ComposeFile.Texts(profiles)[0] : null;

    public IReadOnlyList<string> Ports => Texts("ports");

    public IReadOnlyList<string> Secrets => Texts("secrets");

    /// <summary>Source and target of every mount; volumes have a bare name as their source.</summary>
    public IEnumerable<(string Source, string Target)> Mounts =>
        Texts("volumes").Select(text => text.Split(':')).Select(parts => (parts[0], parts[1]));

    /// <summary>What it waits for, and until when.</summary>
    public IEnumerable<(string Service, string Condition)> DependsOn => !Node.TryGetValue("depends_on", out var node) ? []
        : node is IList<object?> ? ComposeFile.Texts(node).Select(name => (name, "service_started"))
        : ComposeFile.Map(node).Select(entry => (entry.Key, Assert.IsType<string>(ComposeFile.Map(entry.Value)["condition"])));

    public bool HasHealthCheck => Node.ContainsKey("healthcheck");

    public string? TextOrNull(string key) => Node.TryGetValue(key, out var value) ? value as string : null;

    /// <summary>The value after a flag, or null.</summary>
    public string? FlagOrNull(string name)
    {
        var rest = Command.SkipWhile(argument => argument != name).ToList();
        return rest.Count > 1 ? rest[1] : null;
    }

    private IReadOnlyList<string> Texts(string key) => Node.TryGetValue(key, out var node) ? ComposeFile.Texts(node) : [];
}
