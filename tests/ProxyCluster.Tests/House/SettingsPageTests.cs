using System.ComponentModel.DataAnnotations;
using System.Reflection;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.DependencyInjection;
using ProxyCluster.Configuration;
using ProxyCluster.Hosting;

namespace ProxyCluster.Tests.House;

/// <summary>Everything that can be set stands on one page, with the default and the limits that the program has.</summary>
public sealed class SettingsPageTests
{
    [Fact]
    public void Page_IsWhatTheOptionsSay()
    {
        var page = new SettingsPage();
        var tables = page.Write(OptionsCatalog.From(new ServiceCollection().AddRooms()));
        Assert.Empty(page.Unexplained);

        var path = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(Here())!, "../../../docs/settings.md"));
        var text = File.Exists(path) ? File.ReadAllText(path) : "";
        var first = text.IndexOf("\n## ", StringComparison.Ordinal) + 1;
        var wanted = Path.Combine(AppContext.BaseDirectory, "settings.md");
        File.WriteAllText(wanted, text[..first] + tables);
        Assert.True(text[first..] == tables, $"the options have changed: copy {wanted} to docs/settings.md and read what is new");
    }

    // The program itself does not look: it checks what somebody has set.
    [Fact]
    public void Defaults_AreAllowed()
    {
        var checkedOnes = 0;
        foreach (var room in OptionsCatalog.From(new ServiceCollection().AddRooms()).Rooms)
            Check(room.Section, room.Type, Activator.CreateInstance(room.Type)!);
        Assert.True(checkedOnes > 100);

        void Check(string path, Type type, object options)
        {
            foreach (var property in RoomOptions.Properties(type))
            {
                var value = property.GetValue(options);
                if (RoomOptions.IsSection(property.PropertyType))
                    Check($"{path}:{property.Name}", property.PropertyType, value ?? Activator.CreateInstance(property.PropertyType)!);
                foreach (var attribute in property.GetCustomAttributes<ValidationAttribute>().Where(static attribute => attribute is not RequiredAttribute))
                {
                    checkedOnes++;
                    var result = attribute.GetValidationResult(value, new ValidationContext(options) { MemberName = property.Name });
                    Assert.True(result == ValidationResult.Success, $"{path}:{property.Name}: {result?.ErrorMessage}");
                }
            }
        }
    }

    private static string Here([CallerFilePath] string here = "") => here;
}
