using System.Collections.Immutable;
using ProxyCluster.Files;
using ProxyCluster.Outcomes;
using ProxyCluster.Policy;

namespace ProxyCluster.Cli;

/// <summary>Policies and cases in files that the command line names.</summary>
internal static class PolicyFiles
{
    /// <summary>The text of a file.</summary>
    public static Outcome<string> Read(string path, CommandContext context)
    {
        try
        {
            return RegularFile.ReadAllText(Path.Combine(context.WorkingDirectory, path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new Failure(FailureKind.BadRequest, $"{path} cannot be read: {e.Message}");
        }
    }

    /// <summary>All mistakes of a file, a line each, as compilers write them.</summary>
    public static string Sentence(string path, ImmutableArray<PolicyMistake> mistakes) => string.Join('\n', mistakes.Select(mistake => $"{path}:{mistake}"));
}
