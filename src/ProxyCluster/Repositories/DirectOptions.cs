using System.ComponentModel.DataAnnotations;

namespace ProxyCluster.Repositories;

/// <summary>Modules straight from their repositories, where the upstream list says <c>direct</c>. Section <c>Direct</c>.</summary>
public sealed class DirectOptions
{
    /// <summary>The section's name.</summary>
    public const string Section = "Direct";

    /// <summary>
    /// Addresses of repositories that begin with FROM begin with TO instead, as git's insteadOf: <c>FROM=TO</c> each, the longest
    /// FROM counts. Default none. They count for modules of <see cref="Inside"/>, and for those whose path alone says where their
    /// repository is; not for what the page of another one names. The only way to a <c>file://</c> repository, and to one over plain http.
    /// </summary>
    public List<string> Rewrites { get; set; } = [];

    /// <summary>
    /// Modules, in GOPRIVATE's syntax, whose pages and repositories may be inside: at loopback, link-local and private addresses.
    /// Default: not set, which means those of <c>Verification:Private</c> and <c>Verification:NoSumDb</c>; <c>none</c> means none.
    /// Whose path a stranger made up must not have us ask what only this machine reaches.
    /// </summary>
    public string? Inside { get; set; }

    /// <summary>
    /// File with the keys of hosts for ssh, as ssh's <c>known_hosts</c>. Default: not set, which means the usual files of this
    /// account and this machine. No other file of the account's counts, neither keys nor configuration: without a rule of
    /// <c>Credentials</c> that names a key (<c>SshKeyFile</c>), ssh asks as nobody.
    /// </summary>
    public string? KnownHosts { get; set; }

    /// <summary>The git program. Default <c>git</c>, from the path.</summary>
    [MinLength(1)]
    public string Git { get; set; } = "git";

    /// <summary>The Mercurial program. Default <c>hg</c>, from the path.</summary>
    [MinLength(1)]
    public string Hg { get; set; } = "hg";

    /// <summary>The Subversion program. Default <c>svn</c>, from the path.</summary>
    [MinLength(1)]
    public string Svn { get; set; } = "svn";

    /// <summary>Limit for asking a repository or a page what it has. Default 1 min.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "01:00:00", ParseLimitsInInvariantCulture = true, ConvertValueInInvariantCulture = true)]
    public TimeSpan AskTimeout { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Limit for one fetch. Default 10 min. More bears larger histories over thin lines.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "1.00:00:00", ParseLimitsInInvariantCulture = true, ConvertValueInInvariantCulture = true)]
    public TimeSpan FetchTimeout { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>Limit for one look at what was fetched, packing a version included. Default 2 min.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "01:00:00", ParseLimitsInInvariantCulture = true, ConvertValueInInvariantCulture = true)]
    public TimeSpan LookTimeout { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>
    /// How long what a repository's names stand for is believed, and a host that could not be reached is left alone. Default 5 s:
    /// a build's list, latest and versions are one question. More of it spares repositories, and sees a new tag later.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00", ParseLimitsInInvariantCulture = true, ConvertValueInInvariantCulture = true)]
    public TimeSpan FreshFor { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long it is remembered where a module's repository is. Default 10 min.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00", ParseLimitsInInvariantCulture = true, ConvertValueInInvariantCulture = true)]
    public TimeSpan PlaceFreshFor { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>Processes of git, hg and svn at once that ask other hosts, and as many again that look at what is here. Default 16. Further ones wait.</summary>
    [Range(1, 1000)]
    public int MaxProcesses { get; set; } = 16;

    /// <summary>Address space of one of them, in bytes (Linux). Default 4 GiB. Less of it refuses large files sooner.</summary>
    [Range(64L << 20, 1L << 45)]
    public long MaxProcessBytes { get; set; } = 4L << 30;

    /// <summary>
    /// Largest repository, and largest file that one of them may write, in bytes. Default 4 GiB, and never more than the mirrors of
    /// all may take; a larger one is refused and not kept.
    /// </summary>
    [Range(1L << 20, 1L << 50)]
    public long MaxRepositoryBytes { get; set; } = 4L << 30;

    /// <summary>
    /// Bytes that the mirrors of repositories take in <c>vcs/</c>. Default 20 GiB, and never more than a tenth of
    /// <c>Storage:MaxBytes</c>, in which they count. Above it, or with less than <c>Storage:MinFreeBytes</c> left, the longest unused
    /// ones are removed, and fetched again when they are needed; where that is not enough, nothing is fetched. More of it spares repositories.
    /// </summary>
    [Range(1L << 20, 1L << 60)]
    public long MaxBytes { get; set; } = 20L << 30;
}
