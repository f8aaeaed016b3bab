namespace ProxyCluster.TestKit.Processes;

/// <summary>Programs that a test writes for others to start.</summary>
public static class ShellScript
{
    /// <summary>Writes one that may be run.</summary>
    /// <param name="path">Where.</param>
    /// <param name="body">Its commands.</param>
    /// <returns>The path.</returns>
    public static string Write(string path, string body)
    {
        File.WriteAllText(path, $"#!/bin/sh\n{body}\n");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return path;
    }
}
