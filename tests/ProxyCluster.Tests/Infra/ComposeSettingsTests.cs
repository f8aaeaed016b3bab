using System.CommandLine;
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using ProxyCluster.Cli;
using ProxyCluster.Configuration;
using ProxyCluster.Hosting;
using ProxyCluster.TestKit.Processes;

namespace ProxyCluster.Tests.Infra;

/// <summary>Flags, variables and their values in the compose file, against the code that will read them.</summary>
public sealed partial class ComposeSettingsTests
{
    private const string Prefix = "PROXYCLUSTER_";

    private static readonly ComposeFile Compose = ComposeFile.Instance;

    public static TheoryData<string> Members() => [.. Compose.Members.Select(member => member.Name)];

    public static IEnumerable<TheoryDataRow<string, string>> MembersOnStores() =>
        from member in Compose.Members from store in ComposeFile.Stores select new TheoryDataRow<string, string>(member.Name, store);

    [Fact]
    public void Variables_EveryOneWithOurPrefix_IsAKnownSetting()
    {
        var catalog = OptionsCatalog.From(new ServiceCollection().AddRooms());
        var used = Compose.Members.SelectMany(member => member.Environment.Keys).Concat(ImageVariables().Keys)
            .Concat(ComposeFile.Stores.Select(store => ComposeFile.StoreOf(store).Key)).Distinct().ToList();

        Assert.Contains(Prefix + "SERVE__URLS", used);
        Assert.All(used, name =>
        {
            Assert.StartsWith(Prefix, name, StringComparison.Ordinal);
            Assert.True(catalog.FindKeyOrNull(name[Prefix.Length..]) is not null, $"{name} sets nothing");
        });
    }

    [Theory]
    [MemberData(nameof(Members))]
    public void Command_OfAMember_IsOneThatServeUnderstands(string member)
    {
        Assert.Empty(Parse(Compose.Services[member]).Parsed.Errors.Select(error => error.Message));
    }

    [Theory]
    [MemberData(nameof(MembersOnStores))]
    public void Settings_OfAMember_WouldLetItStart(string member, string store)
    {
        var service = Compose.Services[member];
        var (parsed, flags) = Parse(service);
        Assert.Empty(parsed.Errors.Select(error => error.Message));
        var variables = ImageVariables().Concat(service.Environment).Append(ComposeFile.StoreOf(store)).ToDictionary();
        using var output = new StringWriter();
        using var scratch = new ScratchDirectory();

        // The container's secret, which this machine does not have; that it is mounted there is another test's claim.
        var secret = Path.Combine(scratch.Path, "cluster-secret");
        File.WriteAllText(secret, new string('x', 32));
        variables[Prefix + "CLUSTER__SECRETFILE"] = secret;
        var input = flags.Read(parsed, new CommandContext(output, output, scratch.Path, variables));

        using var services = ProxyHost.BuildServices(input);

        Assert.Empty(SettingsCheck.FindMistakes(services));
    }

    private static (ParseResult Parsed, SettingFlags Flags) Parse(ComposeService service)
    {
        var serve = new Command("serve");
        var flags = SettingFlags.ForServe(serve);
        Assert.Equal("serve", service.Command[0]);
        return (serve.Parse(service.Command.Skip(1).ToArray()), flags);
    }

    /// <summary>What the image sets for every member.</summary>
    private static Dictionary<string, string> ImageVariables()
    {
        var dockerfile = File.ReadAllText(Path.Combine(Repository.Root, "infra", "docker", "Dockerfile"));
        return Variable().Matches(dockerfile).ToDictionary(match => match.Groups[1].Value, match => match.Groups[2].Value);
    }

    [GeneratedRegex(@"\b(PROXYCLUSTER_\w+)=(\S+)")]
    private static partial Regex Variable();
}
