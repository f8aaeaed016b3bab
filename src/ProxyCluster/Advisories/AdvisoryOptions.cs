using System.ComponentModel.DataAnnotations;

namespace ProxyCluster.Advisories;

/// <summary>Which advisories module versions are judged by, and how they are kept up to date.</summary>
public sealed class AdvisoryOptions
{
    /// <summary>The section's name.</summary>
    public const string Section = "Advisories";

    /// <summary>
    /// Where they are: the address of a database with the Go vulnerability database's layout (<c>https://vuln.go.dev</c>), of a zip, or
    /// the path of a directory or zip with that layout or of OSV records as JSON. Default: not set, which is none.
    /// </summary>
    public string? Database { get; set; }

    /// <summary>Time between two looks for newer ones. Default 1 hour. Less of it is sooner, and rougher to the database.</summary>
    [Range(typeof(TimeSpan), "00:00:10", "7.00:00:00")]
    public TimeSpan Every { get; set; } = TimeSpan.FromHours(1);

    /// <summary>Limit for one request of it, with its body. Default 1 minute.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan RequestTimeout { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Records that are taken at most; of a database with more, none. Default 100,000: the Go database had 4,300 in 2026.</summary>
    [Range(1, 10_000_000)]
    public int MaxRecords { get; set; } = 100_000;

    /// <summary>Bytes of all its records; of a database with more, none is taken. Default 256 MiB, ten times the Go database.</summary>
    [Range(1L << 10, 1L << 34)]
    public long MaxBytes { get; set; } = 256L << 20;
}
