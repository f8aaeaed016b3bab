using ProxyCluster.TestKit.Processes;

namespace ProxyCluster.Benchmarks.Running;

/// <summary>The programs of the machine that scenarios stand on, and the Debian packages that bring them.</summary>
internal static class Tools
{
    public static string Nginx => Find("nginx", "nginx-light");

    public static string Wrk => Find("wrk", "wrk");

    public static string Taskset => Find("taskset", "util-linux");

    // nginx lives in sbin, which is not in everybody's PATH.
    private static string Find(string name, string package) =>
        $"{Environment.GetEnvironmentVariable("PATH")}:/usr/local/sbin:/usr/sbin:/sbin"
            .Split(':', StringSplitOptions.RemoveEmptyEntries)
            .Select(directory => Path.Combine(directory, name))
            .FirstOrDefault(File.Exists)
        ?? throw new ToolMissingException($"{name} is missing; install the Debian package {package}");
}
