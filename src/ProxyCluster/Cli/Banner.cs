using ProxyCluster.Configuration;
using ProxyCluster.Telemetry;

namespace ProxyCluster.Cli;

/// <summary>The first lines of <c>serve</c>: where it is, what it stands on and how to point <c>go</c> at it.</summary>
internal static class Banner
{
    /// <summary>The lines.</summary>
    /// <param name="urls">The addresses that are being listened on, with their real ports.</param>
    /// <param name="effective">The effective settings, secrets masked already.</param>
    /// <param name="workingDirectory">Where a relative data directory starts.</param>
    public static IEnumerable<string> Lines(
        IReadOnlyCollection<string> urls, IReadOnlyList<EffectiveSetting> effective, string workingDirectory)
    {
        var basePath = Value(SettingKeys.BasePath).TrimEnd('/');
        yield return $"ProxyCluster {BuildInfo.Version} listens on {string.Join(", ", urls)}";
        if (Value(SettingKeys.Upstreams) is { Length: > 0 } upstreams)
            yield return $"  upstream   {upstreams}{From(SettingKeys.Upstreams)}";
        if (Value(SettingKeys.SumDb) is { Length: > 0 } sumDb)
            yield return $"  checksums  {(sumDb == "off" ? "off: modules are NOT verified against a checksum database" : sumDb)}{From(SettingKeys.SumDb)}";
        if (Value(SettingKeys.NoSumDb) is { Length: > 0 } noSumDb)
            yield return $"  unchecked  {noSumDb}{From(SettingKeys.NoSumDb)}";
        if (Value(SettingKeys.Data) is { Length: > 0 } data)
            yield return $"  data       {Path.GetFullPath(data, workingDirectory)}{From(SettingKeys.Data)}";
        yield return "";
        if (urls.FirstOrDefault(static url => !BindingAddress.Parse(url).IsUnixPipe) is { } url)
        {
            var goProxy = ClientUrl([url]) + basePath;
            yield return $"  once       GOPROXY={goProxy} go build ./...";
            yield return $"  for good   go env -w GOPROXY={goProxy}";
        }
        else
        {
            // go speaks to no socket file: something that does, such as a web server, has to stand in front.
            yield return $"  try it     curl --unix-socket {BindingAddress.Parse(urls.First()).UnixPipePath} http://localhost{basePath}/";
        }

        yield return "";

        EffectiveSetting? Find(string key) => effective.FirstOrDefault(setting => setting.Key == key || setting.Key.StartsWith(key + ":", StringComparison.Ordinal));
        string Value(string key) => Find(key)?.Value ?? "";

        // Only what came from elsewhere than the command line can surprise.
        string From(string key) => Find(key) is { Source: var source } && source != EffectiveSetting.Default
            && !source.StartsWith("flag", StringComparison.Ordinal) ? $"  ({source})" : "";
    }

    /// <summary>An address that a client on this machine can use: wildcards are no place to connect to.</summary>
    public static string ClientUrl(IEnumerable<string> urls)
    {
        var address = BindingAddress.Parse(urls.First());
        var host = address.Host is "*" or "+" or "0.0.0.0" or "[::]" ? "localhost" : address.Host;
        return FormattableString.Invariant($"{address.Scheme}://{host}:{address.Port}");
    }
}
