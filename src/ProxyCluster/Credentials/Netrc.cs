namespace ProxyCluster.Credentials;

/// <summary>
/// A netrc file as <c>go</c> reads it, which is not how every reader of the format does: words are what stands between
/// spaces, quotes and <c>#</c> included; they are read in pairs within a line; upper and lower case differ; a machine may
/// carry a port and a path.
/// </summary>
/// <remarks>
/// The <c>default</c> entry is never used, as in go: it is commonly the anonymous ftp login, and sending it would hand a
/// password to every host that an upstream list happens to name.
/// </remarks>
internal sealed class Netrc
{
    private readonly LoginsByPrefix _machines = new();

    private Netrc()
    {
    }

    /// <summary>Reads the text of a netrc file; what makes no sense is skipped.</summary>
    public static Netrc Parse(string text)
    {
        var netrc = new Netrc();
        string? machine = null, login = null, password = null;
        var inMacro = false;
        foreach (var line in text.Split('\n'))
        {
            // A macro's body runs to the next empty line and may hold any keyword.
            if (inMacro)
            {
                inMacro = line.Length > 0;
                continue;
            }

            var words = line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            for (var at = 0; at < words.Length - 1; at += 2)
            {
                var value = words[at + 1];
                switch (words[at])
                {
                    case "machine":
                        (machine, login, password) = (value, null, null);
                        break;
                    case "login":
                        login = value;
                        break;
                    case "password":
                        password = value;
                        break;
                    case "macdef":
                        inMacro = true;
                        break;
                }

                if (machine is null || login is null || password is null)
                    continue;

                // The first entry for a machine counts.
                netrc._machines.Add(machine, Login.Basic(login, password));
                machine = login = password = null;
            }

            if (words.Length % 2 == 1 && words[^1] == "default")
                break;
        }

        return netrc;
    }

    /// <summary>
    /// The login for what a URL names after its scheme, <c>host[:port][/path]</c> as it was written, or null. Of several
    /// machines the one with the longest path counts.
    /// </summary>
    public Login? FindOrNull(string address) => _machines.FindOrNull(address);
}
