using System.CommandLine;
using ProxyCluster.Configuration;

namespace ProxyCluster.Cli;

/// <summary>
/// The flags that set configuration values, and nothing else: each is a short name for one key, so every one of them
/// can also be a file's line or a variable. A new flag is a new line here.
/// </summary>
internal sealed class SettingFlags
{
    private readonly List<(Option<string> Option, string Key)> _flags = [];

    private readonly List<(Option<string[]> Option, string Key)> _lists = [];

    private readonly Option<string[]> _files = new("--config")
    {
        Description = "Read this JSON file over appsettings.json; may be given several times.",
        HelpName = "FILE",
        AllowMultipleArgumentsPerToken = false,
        DefaultValueFactory = _ => [],
    };

    private readonly Option<string[]> _set = new("--set")
    {
        Description = "Set any key, e.g. --set Serve:DrainTimeout=10s; may be given several times. See 'proxycluster config'.",
        HelpName = "Section:Key=value",
        AllowMultipleArgumentsPerToken = false,
        DefaultValueFactory = _ => [],
    };

    private SettingFlags()
    {
    }

    /// <summary>Every flag of a silo.</summary>
    public static SettingFlags ForServe(Command command) => new SettingFlags()
        .With("--urls", SettingKeys.Urls, "URLS", "Listen here; several are separated by ';'. Default http://localhost:8080.")
        .With("--data", SettingKeys.Data, "DIR", "Keep artifacts in this directory. Default ./data.")
        .With("--upstream", SettingKeys.Upstreams, "LIST", "Where modules come from, as in GOPROXY: URLs with ',' (next on 404/410) or '|' (next on any error), 'direct' (the repositories themselves, by git), 'off'.")
        .WithMany("--direct-rewrite", SettingKeys.DirectRewrites, "FROM=TO", "Of 'direct': ask repositories whose address begins with FROM at TO, as git's insteadOf; may be given several times.")
        .With("--sumdb", SettingKeys.SumDb, "VALUE", "The checksum database, as in GOSUMDB: a name, name+hash+key, either with a URL, or 'off'.")
        .With("--no-sumdb", SettingKeys.NoSumDb, "PATTERNS", "Modules that no checksum database knows, as in GONOSUMDB.")
        .With("--engine", SettingKeys.Engine, "ENGINE", "What holds the cluster together: 'orleans' (the default) or 'local' (light, for a process alone).")
        .With("--cluster-store", SettingKeys.Store, "STORE", "Where the cluster keeps its members and state: 'memory' (a cluster of one, the default), etcd://a:2379,b:2379 (nearest first), redis://host:6379 or azure://CONNECTION-STRING.")
        .With("--cluster", SettingKeys.ClusterName, "NAME", "The cluster's name in the engine. Default 'default'.")
        .With("--region", SettingKeys.Region, "NAME", "The region of this process, such as tokyo. Default 'local'.")
        .With("--role", SettingKeys.Role, "ROLE", "'all' (default), 'frontend' (forwards, stores nothing) or 'silo'.")
        .With("--advertise", SettingKeys.Advertise, "URL", "Where other members reach this process.")
        .With("--internal-urls", SettingKeys.InternalUrls, "URLS", "Answer other members here and only here, and nobody else; several are separated by ';'.")
        .With("--secret-file", SettingKeys.SecretFile, "PATH", "The file with the secret that members prove to each other.")
        .With("--silo-line", SettingKeys.SiloLine, "LINE", "How other machines reach this silo: 'tls' (with Silo:CertFile), or 'trusted-network', in the clear and open to whoever reaches its port.")
        .With("--log-level", SettingKeys.LogLevel, "LEVEL", "Trace, Debug, Information, Warning or Error.")
        .AddTo(command);

    /// <summary>The flags of a verb that only looks at the store.</summary>
    public static SettingFlags ForStore(Command command) => new SettingFlags()
        .With("--data", SettingKeys.Data, "DIR", "The directory that artifacts are kept in. Default ./data.")
        .AddTo(command);

    /// <summary>Every source of configuration for this call.</summary>
    public SettingsInput Read(ParseResult parsed, CommandContext context)
    {
        var flags = new List<Setting>();
        foreach (var (option, key) in _flags)
        {
            if (parsed.GetValue(option) is { } value)
                flags.Add(new Setting(key, value, "flag " + option.Name));
        }

        foreach (var (option, key) in _lists)
            flags.AddRange((parsed.GetValue(option) ?? []).Select((value, i) => new Setting($"{key}:{i}", value, "flag " + option.Name)));

        // Checked by a validator when the line was parsed: each holds a key and a value.
        flags.AddRange(parsed.GetValue(_set)!.Select(text => text.Split('=', 2))
            .Select(pair => new Setting(pair[0].Trim(), pair[1], "flag --set")));
        return new SettingsInput
        {
            WorkingDirectory = context.WorkingDirectory,
            Files = parsed.GetValue(_files)!,
            Variables = context.Variables,
            Flags = flags,
        };
    }

    private SettingFlags With(string name, string key, string valueName, string description)
    {
        _flags.Add((new Option<string>(name) { Description = description, HelpName = valueName }, key));
        return this;
    }

    private SettingFlags WithMany(string name, string key, string valueName, string description)
    {
        _lists.Add((new Option<string[]>(name) { Description = description, HelpName = valueName, AllowMultipleArgumentsPerToken = false }, key));
        return this;
    }

    private SettingFlags AddTo(Command command)
    {
        _set.Validators.Add(result =>
        {
            foreach (var token in result.Tokens.Where(token => token.Value.IndexOf('=', StringComparison.Ordinal) <= 0))
                result.AddError($"--set {token.Value}: write it as Section:Key=value");
        });
        foreach (var (option, _) in _flags)
            command.Options.Add(option);
        foreach (var (option, _) in _lists)
            command.Options.Add(option);
        command.Options.Add(_files);
        command.Options.Add(_set);
        return this;
    }
}
