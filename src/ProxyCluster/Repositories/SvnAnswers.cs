using System.Globalization;
using System.Xml;
using System.Xml.Linq;

namespace ProxyCluster.Repositories;

/// <summary>What svn prints as XML.</summary>
internal static class SvnAnswers
{
    /// <summary>The one change that <c>svn log -l1 --xml</c> names, and when it was; null where it names none.</summary>
    /// <exception cref="InvalidDataException">It is not that.</exception>
    public static (long Revision, DateTimeOffset Time)? ChangeOrNull(byte[] printed)
    {
        if (Read(printed, "log").Element("logentry") is not { } entry)
            return null;
        return long.TryParse(entry.Attribute("revision")?.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var revision) && revision < 1_000_000_000_000
            && DateTimeOffset.TryParse(entry.Element("date")?.Value, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time)
            ? (revision, time)
            : throw new InvalidDataException("svn log printed a change without number or time");
    }

    /// <summary>The files that <c>svn list --xml</c> names, with their sizes in the repository.</summary>
    /// <exception cref="InvalidDataException">It is not that.</exception>
    public static Dictionary<string, long> Files(byte[] printed)
    {
        var files = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var entry in Read(printed, "lists").Descendants("entry").Where(static one => one.Attribute("kind")?.Value == "file"))
        {
            if (entry.Element("name")?.Value is not { Length: > 0 } name || !long.TryParse(entry.Element("size")?.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var size))
                throw new InvalidDataException("svn list printed a file without name or size");
            files[name] = size;
        }

        return files;
    }

    private static XElement Read(byte[] printed, string root)
    {
        try
        {
            using var reader = XmlReader.Create(new MemoryStream(printed), new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null });
            return XElement.Load(reader) is var element && element.Name == root ? element : throw new InvalidDataException($"svn printed no {root}");
        }
        catch (XmlException e)
        {
            throw new InvalidDataException($"svn printed something else than XML: {e.Message}");
        }
    }
}
