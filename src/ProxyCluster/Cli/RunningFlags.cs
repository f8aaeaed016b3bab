using System.Collections.Immutable;
using System.CommandLine;
using ProxyCluster.Drills;

namespace ProxyCluster.Cli;

/// <summary>The flags of <c>drill</c> that name a cluster which runs already.</summary>
internal sealed record RunningFlags(
    Option<string[]> FrontEnds,
    Option<string[]> Silos,
    Option<string?> Modules,
    Option<string?> ColdModules,
    Option<string?> TokenFile,
    Option<string?> Inject,
    Option<string?> Heal)
{
    /// <summary>Makes them, and adds them to the verb.</summary>
    public static RunningFlags AddTo(Command command)
    {
        var flags = new RunningFlags(
            Members("--front-end", "Drill a running cluster: a front end and its region. Once for each front end."),
            Members("--silo", "A silo of the running cluster that can be reached from here, to watch and to search. Once for each silo."),
            new("--modules") { Description = "A go.sum file: what to ask the running cluster for, and the true hashes.", HelpName = "FILE" },
            new("--cold-modules") { Description = "A go.sum file of what the running cluster does not have yet. Default: no misses.", HelpName = "FILE" },
            new("--token-file") { Description = "File with an operator's token for the running cluster, for drain.", HelpName = "FILE" },
            new("--inject") { Description = "Shell command that makes the fault on the running cluster; DRILL_REGION names the region.", HelpName = "COMMAND" },
            new("--heal") { Description = "Shell command that ends it, also when the drill is cut short.", HelpName = "COMMAND" });
        foreach (var option in (Option[])[flags.FrontEnds, flags.Silos, flags.Modules, flags.ColdModules, flags.TokenFile, flags.Inject, flags.Heal])
            command.Options.Add(option);
        return flags;
    }

    /// <summary>
    /// Reads the running cluster that the flags describe; null where they name none, and the drill is to start one. Gives a
    /// sentence where something is missing or does not go together.
    /// </summary>
    public string? Read(ParseResult parsed, DrillScenario scenario, string? region, string workingDirectory, out RunningCluster? running)
    {
        running = null;
        var fronts = parsed.GetValue(FrontEnds) ?? [];
        if (fronts.Length == 0)
        {
            var stray = ((Option[])[Silos, Modules, ColdModules, TokenFile, Inject, Heal]).FirstOrDefault(option => parsed.GetResult(option) is { Implicit: false });
            return stray is null ? null : $"{stray.Name} is for a cluster that runs already: name its front ends with --front-end REGION=URL";
        }

        ImmutableArray<DrillMember> members = [.. fronts.Select((text, i) => MemberOf(text, i, true)), .. (parsed.GetValue(Silos) ?? []).Select((text, i) => MemberOf(text, i, false))];
        var regions = string.Join(", ", members.Select(static member => member.Region).Distinct());
        if (region is null)
            return $"--region is missing: which of {regions} gets the trouble?";
        if (members.All(member => member.Region != region))
            return $"--region {region}: the members named are in {regions}";
        if (members.All(member => member.Region == region))
            return $"--front-end: name a front end of another region than {region} as well, to see who takes over";
        if (parsed.GetValue(Modules) is not { } modules)
            return "--modules FILE is missing: a go.sum file with what to ask the running cluster for";
        if (parsed.GetValue(Inject) is null != parsed.GetValue(Heal) is null)
            return "--inject and --heal belong together: a drill ends the trouble that it made";
        if (parsed.GetValue(Inject) is null && scenario.Name != "drain")
            return $"{scenario.Name} cannot be made on a running cluster from here: give the commands that do it, --inject COMMAND --heal COMMAND";
        var file = parsed.GetValue(TokenFile);
        if (file is null && parsed.GetValue(Inject) is null)
            return "--token-file FILE is missing: drain is an operator's order";

        string? token = null;
        try
        {
            token = file is null ? null : File.ReadAllText(Path.Combine(workingDirectory, file)).Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"--token-file {file} cannot be read: {e.Message}";
        }

        running = new RunningCluster(members, Path.Combine(workingDirectory, modules))
        {
            ColdSums = parsed.GetValue(ColdModules) is { } cold ? Path.Combine(workingDirectory, cold) : null,
            Token = token,
            Inject = parsed.GetValue(Inject),
            Heal = parsed.GetValue(Heal),
        };
        return null;
    }

    private static Option<string[]> Members(string name, string description)
    {
        var option = new Option<string[]>(name) { Description = description, HelpName = "REGION=URL", AllowMultipleArgumentsPerToken = false };
        option.Validators.Add(result =>
        {
            foreach (var text in result.GetValueOrDefault<string[]>() ?? [])
            {
                if (text.Split('=', 2) is not [{ Length: > 0 }, var url]
                    || !Uri.TryCreate(url, UriKind.Absolute, out var parsed)
                    || parsed.Scheme is not ("http" or "https"))
                    result.AddError($"{name} {text}: write it as region=http://host:port");
            }
        });
        return option;
    }

    private static DrillMember MemberOf(string text, int index, bool isFrontEnd)
    {
        var parts = text.Split('=', 2);
        var url = new Uri(parts[1]);
        return new DrillMember($"{parts[0]}-{(isFrontEnd ? "front" : "silo")}-{index + 1}", parts[0], isFrontEnd, url);
    }
}
