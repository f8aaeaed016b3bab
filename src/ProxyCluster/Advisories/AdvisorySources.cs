using ProxyCluster.Credentials;

namespace ProxyCluster.Advisories;

/// <summary>Opens the database that somebody named.</summary>
internal static class AdvisorySources
{
    /// <summary>What is wrong with a name, or null.</summary>
    public static string? FaultOrNull(string database)
    {
        if (database.Length == 0)
            return "is empty; leave it out to have no advisories";
        if (!database.Contains("://", StringComparison.Ordinal))
            return null;
        if (!Uri.TryCreate(database, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https" or "file"))
            return $"\"{database}\" is no database: use https://vuln.go.dev, or the path of a directory or zip";
        if (url.UserInfo.Length > 0)
            return "a name and password belong into Credentials:Rules, not into the address";
        return url.Query.Length > 0 || url.Fragment.Length > 0 ? "an address of a database has neither ? nor #" : null;
    }

    /// <summary>The database behind a name without fault; paths are below <paramref name="directory"/>.</summary>
    public static IAdvisorySource Open(string database, string directory, Logins logins, AdvisoryOptions options, TimeProvider clock) =>
        !database.Contains("://", StringComparison.Ordinal) ? new AdvisoryFiles(Path.GetFullPath(database, directory))
        : new Uri(database) is { IsFile: true } file ? new AdvisoryFiles(file.LocalPath)
        : new AdvisoryFeed(new Uri(database), logins, options, clock);
}
